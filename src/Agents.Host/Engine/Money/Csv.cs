using System.Text;

namespace Agents.Host.Engine.Money;

/// <summary>Comma-separated values as RFC 4180 has them: quotes round a field, doubled inside it, line breaks within quotes.</summary>
static class Csv
{
    /// <summary>The records with the line on which each begins, from 1; empty lines are left out.</summary>
    public static IEnumerable<(int Line, IReadOnlyList<string> Fields)> Records(string text)
    {
        var (fields, field, isQuoted, line, begins) = (new List<string>(), new StringBuilder(), false, 1, 1);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\n') line++;
            if (isQuoted)
            {
                if (c != '"') field.Append(c);
                else if (i + 1 < text.Length && text[i + 1] == '"') field.Append(text[++i]);
                else isQuoted = false;
            }
            else if (c == '"' && field.Length == 0) isQuoted = true;
            else if (c == ',') Next();
            else if (c == '\n')
            {
                if (Ended() is { } record) yield return (begins, record);
                begins = line;
            }
            else if (c != '\r') field.Append(c);
        }

        if (Ended() is { } last) yield return (begins, last);

        void Next()
        {
            fields.Add(field.ToString());
            field.Clear();
        }

        List<string>? Ended()
        {
            Next();
            var record = fields;
            fields = [];
            return record is [""] ? null : record;
        }
    }
}
