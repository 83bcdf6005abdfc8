using Agents.Host.Knowledge;

namespace Agents.Host.Models.Offline;

/// <summary>What people say, and what documentation of software calls it: everyday words, then the words of the trade.</summary>
/// <remarks>General English of the trade only: a word that belongs to one product does not belong here.</remarks>
static class OfflineVocabulary
{
    const string Concepts =
        """
        remove erase purge wipe discard destroy clean cleanup rid > delete purge drop truncate
        old older expire expired obsolete stale outdated > expire retention archive
        finish finished done closed inactive > complete archive closed
        keep preserve retain survive > retain keep archive
        undo revert restore recover mistake accident accidentally > undo restore rollback revert
        correct fix edit adjust alter amend change > update patch modify
        twice duplicate double repeated again > duplicate unique idempotent
        unique distinct only once > unique constraint
        simultaneous simultaneously concurrent both parallel race overwrite overwritten collide > concurrency conflict optimistic lock
        reject refuse deny forbid prevent disallow > constraint exception validation
        stuck hang freeze wait > deadlock lock block timeout
        retry flaky temporary transient unreliable > retry resilience transient
        crash die fail failed broken down outage > failure error exception recover failover
        save write record keep put > store persist save
        disk file folder > storage file
        load read pull get retrieve obtain > load query fetch
        thousands millions many bulk mass lots > batch bulk
        memory ram > memory stream
        slow slowly fast quick quickly speed lag > performance index optimize
        shape layout format fields > schema structure format
        convert transform translate turn > transform convert map
        rename renamed moved > rename migrate alias
        upgrade years legacy former > version migrate upgrade compatibility
        closest nearest near nearby far around place map > distance nearest spatial geographic location
        mail > email
        company customer client organisation organization firm > tenant tenancy
        isolate isolated separate apart mix leak > isolation separate tenant security
        permission right allowed access > authorization permission role security
        password secret token login > credential authentication password
        private privacy gdpr personal sensitive confidential > privacy protection mask sensitive
        hide conceal blank anonymise anonymize redact > mask redact hide
        audit auditor regulator compliance law legal > audit history compliance
        ignore exclude omit pretend > skip ignore exclude
        wrong false incorrect invalid bad > invalid skip error
        total sum calculate calculation compute average > aggregate compute
        summary overview report dashboard screen > view projection report
        combine join merge relate related together belong > join include related
        notify tell inform alert announce > publish notify subscription message event
        react hook listen intercept whenever > listener handler hook event
        background later nightly asynchronous > asynchronous background daemon
        server machine computer > node cluster instance
        disable off stop > disable configure option
        start startup boot begin launch > startup initialize bootstrap
        first initial sample demo default > initial seed baseline default
        past earlier formerly ago > history timestamp time version
        search find look > query search
        word phrase typing > full text search
        page chunk portion piece > paging skip take
        order sort rank > order sort
        monitor watch observe measure > monitoring metrics logging telemetry
        check verify sure prove > test verify assert
        limit maximum most largest biggest > maximum limit
        number counter invoice consecutive > sequence number identity
        customise customize extend plug > custom extension policy convention
        tree nested inside child children > nested child collection
        type kind subclass inherit derived > hierarchy subclass inheritance
        day month year clock > date time timestamp
        secure encrypt > encryption security protection
        cache remember reuse > cache identity map
        replay again recompute scratch > rebuild replay
        split divide huge > partition shard
        copy clone backup > copy clone backup
        move transfer import export > migrate import export
        name label tag > name tag alias metadata
        note extra attach > metadata header
        """;

    static readonly ILookup<string, string> Trade = Concepts
        .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split('>'))
        .SelectMany(line => Words(line[0]).SelectMany(said => Words(line[1]).Select(called => (Stem: Stem.Of(said), called))))
        .ToLookup(pair => pair.Stem, pair => pair.called, StringComparer.Ordinal);

    /// <summary>The trade's words for what the text says, those left out that it already has.</summary>
    public static IReadOnlyList<string> RelatedTo(string text)
    {
        var said = Terms.Set(text);
        return said.SelectMany(word => Trade[word]).Where(word => !said.Contains(Stem.Of(word))).Distinct(StringComparer.Ordinal).ToList();
    }

    static string[] Words(string words) => words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
