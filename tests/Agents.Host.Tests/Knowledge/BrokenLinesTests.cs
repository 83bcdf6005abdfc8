using System.Text;
using Agents.Host.Knowledge;

namespace Agents.Host.Tests.Knowledge;

/// <summary>Lines that were broken to fit, in each format that has such.</summary>
public sealed class BrokenLinesTests
{
    [Theory]
    [InlineData("a.txt", "The oil that is in the front part of the trans-\nmission is old.", "The oil that is in the front part of the transmission is old.")]
    [InlineData("a.md", "The trans-\nmission needs oil.", "The transmission needs oil.")]
    [InlineData("a.md", "The *trans-\nmission* needs\noil.", "The transmission needs oil.")]
    [InlineData("a.md", "- The trans-\n  mission needs oil.", "- The transmission needs oil.")]
    [InlineData("a.html", "<p>The trans-\n    mission needs\noil.</p>", "The transmission needs oil.")]
    [InlineData("a.html", "<ul><li>The trans-\nmission needs oil.</ul>", "- The transmission needs oil.")]
    [InlineData("a.html", "<p>The trans\u00AD\nmission <b>needs</b>\n<i>oil</i>.</p>", "The transmission needs oil.")]
    public void A_word_that_was_hyphenated_at_a_line_s_end_is_whole(string name, string text, string read) => Assert.Equal(read, Read(name, text));

    [Theory]
    [InlineData("a.md", "Monday-\nFriday", "Monday- Friday")]
    [InlineData("a.md", "Say trans-  \nmission.", "Say trans- mission.")] // a break that the author wants
    [InlineData("a.md", "Say `trans-`\nmission.", "Say trans- mission.")]
    [InlineData("a.md", "Say trans-\n`mission`.", "Say trans- mission.")]
    [InlineData("a.md", "```\ntrans-\nmission\n```", "trans-\nmission")]
    [InlineData("a.html", "<p>Monday-\nFriday</p>", "Monday- Friday")]
    [InlineData("a.html", "<p>trans-<br>mission</p>", "trans- mission")]
    [InlineData("a.html", "<p><code>trans-\nmission</code></p>", "trans- mission")]
    [InlineData("a.html", "<pre>trans-\nmission</pre>", "trans-\nmission")]
    public void A_hyphen_that_may_belong_to_the_text_stays(string name, string text, string read) => Assert.Equal(read, Read(name, text));

    [Theory]
    [InlineData("a.md", "图书馆的开放\n时间是九点。\n请进。", "图书馆的开放时间是九点。请进。")]
    [InlineData("a.html", "<p>図書館の開館\n  時間</p>", "図書館の開館時間")]
    [InlineData("a.md", "ห้องสมุด\nเปิด", "ห้องสมุดเปิด")]
    [InlineData("a.md", "도서관은\n아홉 시에 엽니다.", "도서관은 아홉 시에 엽니다.")] // Korean has spaces
    [InlineData("a.md", "图书馆\nopen", "图书馆 open")]
    public void Lines_of_a_script_without_spaces_are_joined_without_one(string name, string text, string read) => Assert.Equal(read, Read(name, text));

    static string Read(string name, string text) => string.Join(
        '\n', DocumentReader.Read(name, null, Encoding.UTF8.GetBytes(text), new KnowledgeLimits()).Sections
            .SelectMany(section => section.Blocks).Select(block => block.Text));
}
