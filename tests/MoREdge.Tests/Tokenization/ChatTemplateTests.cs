using System.Text.Json;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

public sealed class ChatTemplateTests
{
    private const string ChatMl =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content']"
        + " + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
        + "{{ '<|im_start|>assistant\n' }}{% endif %}";

    private static readonly ChatMessage[] Conversation =
        [new("system", "Be kind."), new("user", "Hi"), new("assistant", "Hello!"), new("user", "Bye")];

    [Fact]
    public void Render_ChatMl_IsExact()
    {
        ChatTemplate template = ChatTemplate.Parse(ChatMl);
        Assert.Equal(
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
            + "<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n",
            template.Render(Conversation));
        Assert.Equal(
            "<|im_start|>user\nHi<|im_end|>\n", template.Render([new("user", "Hi")], addGenerationPrompt: false));
    }

    /// <summary>Expected strings of @huggingface/jinja 0.5.11; see tests/golden/chat-templates/PROVENANCE.md.</summary>
    [Fact]
    public void Render_PublicTemplates_EqualHuggingFaceJinja()
    {
        using JsonDocument golden = JsonDocument.Parse(
            File.ReadAllBytes(SharedData.InRepository("tests/golden/chat-templates/expected.json")));
        int rendered = 0;
        foreach (JsonElement item in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            string name = item.GetProperty("template").GetString()!;
            string source = name == "mor-stories"
                ? PublicTokenizers.Load(name).ChatTemplate!
                : File.ReadAllText(SharedData.Require($"data/chat-templates/{name}"));
            ChatMessage[] messages = Messages(golden.RootElement
                .GetProperty("conversations").GetProperty(item.GetProperty("conversation").GetString()!));
            string actual;
            try
            {
                actual = ChatTemplate.Parse(source).Render(
                    messages, item.GetProperty("generate").GetBoolean(), "<s>", "</s>", new DateTime(2024, 7, 26));
            }
            catch (ChatTemplateException refusal)
            {
                Assert.Equal(ChatTemplateError.Raised, refusal.Error);
                Assert.Equal(item.GetProperty("error").GetString(), refusal.Message);
                continue;
            }

            Assert.Equal(item.GetProperty("expected").GetString(), actual);
            rendered++;
        }

        Assert.True(rendered >= 50, $"{rendered} rendered");
    }

    [Theory]
    [InlineData("a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  b\nc")]
    [InlineData("a \n {%- if true -%} \n b \n {%- endif -%} \n c", "abc")]
    [InlineData("a\n  {%+ if true %}b{% endif +%}\nc", "a\n  b\nc")]
    [InlineData("x {# note #}\ny\n  {# alone #}\nz", "x y\nz")]
    [InlineData(" {{+ 1 }}\n{{+-2 }}{{ +1 }}", " 1\n-21")]
    [InlineData("  {{ 1 }}\n{{- 2 -}} \n 3\r\n4\n", "  123\n4")]
    public void Render_WhiteSpaceControl_FollowsTrimAndLstripBlocks(string template, string expected) =>
        Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{ 1 + 2 * 3 - 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }}", "4 -4 2")]
    [InlineData("{{ 'a' ~ 1 + 2 ~ 'b' }}", "a12b")]
    [InlineData("{{ 'a' ~ 1 ~ true ~ none }}", "a1TrueNone")]
    [InlineData("{{ 1 < 2 < 3 }} {{ 1 == true }} {{ 'b' > 'a' }} {{ 2 != 2 }}", "True True True False")]
    [InlineData("{{ not false and true or fail }}", "True")]
    [InlineData("{{ 'ell' in 'hello' }} {{ 'x' not in ['x', 'y'] }} {{ 'role' in messages[0] }}", "True False True")]
    [InlineData("{{ 'yes' if 0 else 'no' }}{{ 'gone' if false }}", "no")]
    [InlineData("{{ 'abcdef'[1:4] }} {{ 'abc'[::-1] }} {{ 'abc'[-1] }} {{ 'abcd'[::2] }} {{ 'abc'[5:] }}",
        "bcd cba c ac ")]
    [InlineData("{{ ' x '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'a,b,c'.split(',')[-1] }}", "x|a|c")]
    [InlineData("{{ 'a b  c'.split()|length }} {{ 'a-b-c'.split('-', 1)[1] }} {{ 'aXa'.replace('a', 'b') }}",
        "3 b-c bXb")]
    [InlineData("{{ ' Ab '|trim|upper }} {{ [1,2]|join('-') }} {{ missing|default('d') }} {{ ''|default('e', true) }}",
        "AB 1-2 d e")]
    [InlineData("{{ {'a': [1, none, true, 'q\"\\n']} | tojson }}", "{\"a\": [1, null, true, \"q\\\"\\n\"]}")]
    [InlineData("{{ {'a': [1], 'b': {}} | tojson(indent=2) }}", "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}")]
    [InlineData("{{ missing }}{{ missing is defined }}{{ none is none }}{{ 3 is odd }}{{ 'a' is string }}",
        "FalseTrueTrueTrue")]
    [InlineData("{{ not x is defined }} {{ 1 is not none }} {{ 'a' is in ['a'] }}", "True True True")]
    [InlineData("{{ 'tab\\tquote\\'' \"joined\" }}", "tab\tquote'joined")]
    [InlineData("{{ 'é😀x'|length }}{{ 'é😀x'[1] }}", "3😀")]
    [InlineData("{{ bos_token }}{{ eos_token is defined }}", "<s>False")]
    [InlineData("[{{ strftime_now('%-Z') }}{{ strftime_now('%-z') }}]", "[]")]
    [InlineData("{{ [1, true, '1', 1.0, none, '', 0.0, -0.0, (1,), '(1,)', 'A', 'a'] | unique | list }}",
        "[1, '1', None, '', 0.0, (1,), '(1,)', 'A']")]
    public void Render_Expressions_FollowPython(string template, string expected) =>
        Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{% for i in range(3) %}{{ i }}{{ ',' if not loop.last }}{% else %}none{% endfor %}", "0,1,2")]
    [InlineData("{% for i in [] %}x{% else %}none{% endfor %}", "none")]
    [InlineData("{% for i in range(9) %}{% if i > 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "0123")]
    [InlineData("{% for i in range(4) %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "013")]
    [InlineData("{% set x = 1 %}{% for i in range(2) %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}", "221")]
    [InlineData("{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
        "6")]
    [InlineData("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k ~ v }}{% endfor %}", "a1b2")]
    [InlineData("{% for i in range(6) if i is even %}{{ loop.index }}{{ i }} {% endfor %}", "10 22 34 ")]
    [InlineData("{% for m in messages %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }} {% endfor %}",
        "02True 11False ")]
    [InlineData("{% for c in 'ab' %}{{ loop.previtem }}{{ c }}{{ loop.nextitem }};{% endfor %}", "ab;ab;")]
    public void Render_Statements_FollowJinja(string template, string expected) =>
        Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{% if %}", ChatTemplateError.Syntax)]
    [InlineData("{% for x in messages %}", ChatTemplateError.Syntax)]
    [InlineData("{{ 'open", ChatTemplateError.Syntax)]
    [InlineData("{# open", ChatTemplateError.Syntax)]
    [InlineData("{{ a b }}", ChatTemplateError.Syntax)]
    [InlineData("{% endfor %}", ChatTemplateError.Syntax)]
    [InlineData("{% raw %}", ChatTemplateError.Syntax)]
    [InlineData("{{ ) }}", ChatTemplateError.Syntax)]
    [InlineData("{% macro m( %}", ChatTemplateError.Syntax)]
    [InlineData("{% call 1 %}{% endcall %}", ChatTemplateError.Syntax)]
    [InlineData("{{ f(a=1, 2) }}", ChatTemplateError.Syntax)]
    [InlineData("{% macro m() %}{% break %}{% endmacro %}", ChatTemplateError.Syntax)]
    [InlineData("{{ 1 is odd is even }}", ChatTemplateError.Syntax)]
    [InlineData("{{ 'a' + 1 }}", ChatTemplateError.WrongType)]
    [InlineData("{{ 1 // 0 }}", ChatTemplateError.WrongType)]
    [InlineData("{{ missing.role }}", ChatTemplateError.UndefinedValue)]
    [InlineData("{{ 'a' + missing }}", ChatTemplateError.UndefinedValue)]
    [InlineData("{{ raise_exception('No.') }}", ChatTemplateError.Raised)]
    [InlineData("{{ range(100001)|length }}", ChatTemplateError.TooLarge)]
    [InlineData("{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
        ChatTemplateError.TooLarge)]
    [InlineData("{% for a in range(99999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        ChatTemplateError.TooLarge)]
    [InlineData("{% set n = namespace(x=[]) %}{% for i in range(99) %}{% set n.x = [n.x] %}{% endfor %}{{n.x|tojson}}",
        ChatTemplateError.TooDeep)]
    public void ParseOrRender_WrongTemplate_NamesTheFault(string template, ChatTemplateError error) =>
        Assert.Equal(error, Fault(template).Error);

    [Theory]
    [InlineData("{{ ", "(", "1", ")")]
    [InlineData("{{ ", "[", "1", "]")]
    [InlineData("{{ ", "not ", "1", " }}")]
    [InlineData("{{ ", "-", "1", " }}")]
    [InlineData("{{ 1", "+1", "", " }}")]
    [InlineData("{{ a", ".b", "", " }}")]
    [InlineData("{{ a", "|trim", "", " }}")]
    [InlineData("{{ ", "1 if 1 else ", "1", " }}")]
    [InlineData("", "{% if 1 %}", "", "")]
    [InlineData("{{ 1", "**1", "", " }}")]
    public void Parse_HostileDepth_IsRefused(string before, string repeated, string inner, string after)
    {
        string template = before + string.Concat(Enumerable.Repeat(repeated, 50_000)) + inner
            + (after.Length == 1 ? new string(after[0], 50_000) + " }}" : after);
        Assert.Equal(ChatTemplateError.TooDeep, Fault(template).Error);
    }

    [Fact]
    public void Parse_TemplateBeyondTheLimit_IsTooLarge() =>
        Assert.Equal(ChatTemplateError.TooLarge, Fault(new string('a', ChatTemplate.TemplateCharsMax + 1)).Error);

    /// <summary>As apply_chat_template has it: a conversation without tools has none of them.</summary>
    [Fact]
    public void Render_WithoutToolsOrDocuments_BothAreNone()
    {
        const string Template =
            "{{ tools is defined }} {{ tools is none }} {{ documents is none }} {{ tools or 'no' }} {{ x is none }}";
        Assert.Equal("True True True no False", Render(Template));
        using JsonDocument variables = JsonDocument.Parse("{\"x\": null}");
        Assert.Equal("True True True no True", ChatTemplate.Parse(Template).Render(variables.RootElement));
        using JsonDocument given = JsonDocument.Parse("{\"tools\": [1], \"documents\": []}");
        Assert.Equal("True False False [1] False", ChatTemplate.Parse(Template).Render(given.RootElement));
    }

    private static string Render(string template) =>
        ChatTemplate.Parse(template).Render([new("user", "Hi"), new("assistant", "Ho")], bosToken: "<s>");

    private static ChatTemplateException Fault(string template) =>
        Assert.Throws<ChatTemplateException>(() => Render(template));

    private static ChatMessage[] Messages(JsonElement list)
    {
        List<ChatMessage> messages = [];
        foreach (JsonElement message in list.EnumerateArray())
        {
            messages.Add(new ChatMessage(
                message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!));
        }

        return messages.ToArray();
    }
}
