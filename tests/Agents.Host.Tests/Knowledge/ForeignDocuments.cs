using System.Text;

namespace Agents.Host.Tests.Knowledge;

/// <summary>Short documents in many languages and encodings.</summary>
public static class ForeignDocuments
{
    /// <summary>A language, a text, and a word by which a reader of it would search: in the text as it is, or as its grammar bends it.</summary>
    public static IReadOnlyList<(string Language, string Text, string Query)> InLanguages { get; } =
    [
        ("chinese", "市立图书馆位于河边。开放时间是周一至周五上午九点到下午六点。借书需要读者证。", "开放时间"),
        ("chinese-one-letter", "请在这里洗手。水很冷。", "水"),
        ("japanese", "市立図書館は川の近くにあります。開館時間は午前九時から午後六時までです。本を借りるにはカードが必要です。", "開館時間"),
        ("korean", "시립도서관은 강가에 있습니다. 개관시간은 오전 아홉 시부터 오후 여섯 시까지입니다. 책을 빌리려면 회원증이 필요합니다.", "도서관"),
        ("thai", "ห้องสมุดประชาชนตั้งอยู่ริมแม่น้ำ เปิดทำการตั้งแต่เก้าโมงเช้าถึงหกโมงเย็น ต้องมีบัตรสมาชิกเพื่อยืมหนังสือ", "หนังสือ"),
        ("german", "Die Bibliothek liegt am Fluss und ist von neun bis achtzehn Uhr geöffnet. Die alten Häuser daneben gehören der Stadt.", "Haus"),
        ("french", "La bibliothèque est au bord de la rivière et est ouverte de neuf heures à dix-huit heures. Les chevaux sont au pré.", "bibliotheques"),
        ("spanish", "La biblioteca está junto al río y abre de nueve a dieciocho horas. Las canciones que se cantan son antiguas.", "canción"),
        ("portuguese", "A biblioteca fica ao lado do rio e abre das nove às dezoito horas. As informações estão no balcão.", "informação"),
        ("italian", "La biblioteca si trova vicino al fiume ed è aperta dalle nove alle diciotto. I ragazzi leggono i libri nella sala.", "ragazzo"),
        ("russian", "Библиотека стоит у реки и открыта с девяти до восемнадцати часов. Книги выдаются по читательскому билету.", "книга"),
        ("arabic", "تقع الْمَكْتَبَة قرب النهر وهي مفتوحة من الساعة التاسعة حتى السادسة. يحتاج القارئ إلى بطاقة.", "المكتبة"),
        ("hindi", "पुस्तकालय नदी के किनारे है और सुबह नौ बजे से शाम छह बजे तक खुला रहता है। किताबें कार्ड पर मिलती हैं।", "किताब"),
        ("turkish", "Kütüphane nehrin yanında ve dokuz ile on sekiz arasında açık. İSTANBUL için haritalar ve kitaplar burada.", "istanbul"),
        ("greek", "Η βιβλιοθήκη βρίσκεται δίπλα στο ποτάμι και είναι ανοιχτή από τις εννέα. Τα βιβλία δανείζονται με κάρτα.", "ΒΙΒΛΙΟΘΗΚΗ"),
        ("finnish", "Kirjasto on joen rannalla ja se on auki yhdeksästä kuuteen. Vanhat talot ovat sen vieressä.", "talo"),
    ];

    /// <summary>A charset, and the bytes of a text in it that has no mark and states nothing.</summary>
    public static IReadOnlyList<(string Charset, string Text)> InEncodings { get; } =
    [
        ("windows-1252", "Die Straße über den Fluss führt zur größten Bücherei – „sehr schön“, sagen Gäste. Geöffnet für alle Bürger."),
        ("iso-8859-1", "La bibliothèque a été rénovée l'été dernier; les élèves préfèrent la salle d'étude près de la fenêtre. Où est la clé?"),
        ("windows-1251", "Библиотека стоит у реки и открыта с девяти до восемнадцати часов. Книги выдаются по читательскому билету."),
        ("koi8-r", "Библиотека стоит у реки и открыта с девяти до восемнадцати часов. Книги выдаются по читательскому билету."),
        ("shift_jis", "市立図書館は川の近くにあります。開館時間は午前九時から午後六時までです。本を借りるにはカードが必要です。"),
        ("euc-jp", "市立図書館は川の近くにあります。開館時間は午前九時から午後六時までです。本を借りるにはカードが必要です。"),
        ("gb18030", "市立图书馆位于河边。开放时间是周一至周五上午九点到下午六点。借书需要读者证。请在入口处办理。"),
        ("big5", "市立圖書館位於河邊。開放時間是週一至週五上午九點到下午六點。借書需要讀者證。請在入口處辦理。"),
        ("euc-kr", "시립도서관은 강가에 있습니다. 개관시간은 오전 아홉 시부터 오후 여섯 시까지입니다. 책을 빌리려면 회원증이 필요합니다."),
        ("utf-16", "Größe und Maß der Bücher: über zwölf Zoll."),
        ("utf-16BE", "Größe und Maß der Bücher: über zwölf Zoll."),
    ];

    public static byte[] Bytes(string charset, string text)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        return Encoding.GetEncoding(charset).GetBytes(text);
    }
}
