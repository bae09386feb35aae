using System.Diagnostics;
using System.Text;
using System.Text.Json;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

/// <summary>Hostile templates end in one sentence, soon, and without taking the stack or the memory.</summary>
public sealed class ChatTemplateBoundsTests
{
    // A second on a free core. The rest is for a machine that runs other things; what is missing a bound never ends.
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(60);

    // What a template with its budget of 2²⁵ steps, characters and items may hold at most, with room for garbage.
    private const long BytesMax = 4L << 30;

    [Theory]
    [InlineData("{{ 'ab' * 99999999999 }}", ChatTemplateError.TooLarge)]
    [InlineData("{{ [1, 2] * 99999999999 }}", ChatTemplateError.TooLarge)]
    [InlineData("{{ '' * 99999999999 }}", null)]
    [InlineData("{{ 'a'.center(99999999999) }}", ChatTemplateError.TooLarge)]
    [InlineData("{{ 'a' | indent(99) }}", ChatTemplateError.UnsupportedConstruct)]
    [InlineData("{{ range(100001) }}", ChatTemplateError.TooLarge)]
    [InlineData("{{ range(-9000000000000000000, 9000000000000000000) }}", ChatTemplateError.TooLarge)]
    [InlineData("{{ range(5, 1, 9000000000000000000) | length }}", null)]
    [InlineData("{{ 9999999999 ** 99 }}", ChatTemplateError.TooLarge)]
    [InlineData("{{ 9223372036854775807 + 1 }}", ChatTemplateError.TooLarge)]
    [InlineData("{{ (0 - 9223372036854775807 - 1) // -1 }}", ChatTemplateError.TooLarge)]
    [InlineData("{{ (0 - 9223372036854775807 - 1) % -1 }}", null)]
    [InlineData("{{ '' | replace('', 'x' * 9999) | replace('', 'x' * 99999) }}", ChatTemplateError.TooLarge)]
    [InlineData("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        ChatTemplateError.TooLarge)]
    [InlineData("{% for i in range(99999) if range(9999) | sum < 0 %}{% endfor %}", ChatTemplateError.TooLarge)]
    [InlineData("{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        ChatTemplateError.TooLarge)]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
        ChatTemplateError.TooLarge)]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
        ChatTemplateError.TooLarge)]
    [InlineData("{% set n = namespace(x=[]) %}{% for i in range(99) %}{% set n.x = {'a': n.x} %}{% endfor %}{{ n.x }}",
        ChatTemplateError.TooDeep)]
    [InlineData("{% set n = namespace(x=[]) %}{% for i in range(99) %}{% set n.x = [n.x] %}{% endfor %}"
        + "{{ n.x == [n.x] }}", ChatTemplateError.TooDeep)]
    [InlineData("{% set n = namespace(x=[0]) %}{% for i in range(9999) %}{% set n.x = [n.x, i] %}{% endfor %}"
        + "{{ [n.x, n.x] | sort | length }}", ChatTemplateError.TooDeep)]
    [InlineData("{% set n = namespace(x={}) %}{% for i in range(99999) %}{% set n.x = dict(n.x, a=n.x) %}{% endfor %}",
        null)]
    [InlineData("{% for i in range(99999) %}{% set x = ('x' * 999) | list | map('upper') | join %}{% endfor %}",
        ChatTemplateError.TooLarge)]
    [InlineData("{{ ('ab' * 99999).split('a') | map('replace', '', 'b' * 9999) | list | length }}",
        ChatTemplateError.TooLarge)]
    [InlineData("{{ ('a' * 999999 + 'b') in ('a' * 9999999) }}", ChatTemplateError.TooLarge)]
    [InlineData("{{ ('a' * 9999999).strip('b' * 9999999 + 'a') | length }}", ChatTemplateError.TooLarge)]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", ChatTemplateError.TooDeep)]
    [InlineData("{% macro a() %}{% set c = caller %}{% call a() %}{% endcall %}{% endmacro %}"
        + "{% call a() %}{% endcall %}", ChatTemplateError.TooDeep)]
    [InlineData("{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(99) }}",
        ChatTemplateError.TooLarge)]
    [InlineData("{% macro f(x=f()) %}{% endmacro %}{{ f() }}", ChatTemplateError.TooDeep)]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(99999) %}{% set n.x = n.x | select %}{% endfor %}"
        + "{{ n.x | list }}", ChatTemplateError.TooDeep)]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(99999) %}{% set n.x = n.x | map('int') %}{% endfor %}"
        + "{{ n.x | first }}", ChatTemplateError.TooDeep)]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(99999) %}{% set n.x = [n.x] | map('first') %}"
        + "{% endfor %}{{ n.x | first }}", ChatTemplateError.TooDeep)]
    [InlineData("{% set n = namespace(x=[1]) %}{% for i in range(99999) %}{% set n.x = [1] | select('in', n.x) %}"
        + "{% endfor %}{{ n.x | list }}", ChatTemplateError.TooDeep)]
    public void Render_HostileTemplate_EndsInOneSentence(string template, ChatTemplateError? error) =>
        CheckEnd(template, error);

    /// <summary>What touches every character of a long text costs in proportion, however often it is done.</summary>
    [Theory]
    [InlineData("[1, 2] | tojson(separators=(s, s))")]
    [InlineData("strftime_now(times)")]
    [InlineData("d[s] is defined")]
    [InlineData("d.get(s)")]
    [InlineData("s in d")]
    [InlineData("{s: 1}")]
    [InlineData("dict(long)")]
    [InlineData("long == {s: 2}")]
    [InlineData("[s] | unique(true) | list")]
    [InlineData("[d] | map(attribute=s) | list")]
    [InlineData("[] | sort(attribute=commas)")]
    [InlineData("[d] | sort(attribute=commas)")]
    [InlineData("s | int")]
    [InlineData("s | float")]
    [InlineData("s is lower")]
    [InlineData("s is upper")]
    public void Render_LongTextOverAndOver_IsPaidForEachTime(string expression) => CheckEnd(
        "{% set s = '1' * 1000000 %}{% set commas = ',' * 1000000 %}{% set times = '%c' * 500000 %}"
        + "{% set d = {'x': 1} %}{% set long = {s: 1} %}"
        + $"{{% for i in range(2000) %}}{{% set x = {expression} %}}{{% endfor %}}",
        ChatTemplateError.TooLarge);

    [Theory]
    [InlineData("{% if NAME %}{% endif %}")]
    [InlineData("{% set NAME = 1 %}")]
    [InlineData("{% set n.NAME = 1 %}")]
    [InlineData("{% set x = d.NAME %}")]
    [InlineData("{% set x = loop.NAME %}")]
    [InlineData("{% set x = dict(NAME=1) %}")]
    [InlineData("{% macro m(NAME) %}{% endmacro %}{% set x = m() %}")]
    public void Render_LongNameOverAndOver_IsPaidForEachTime(string statement) => CheckEnd(
        "{% set d = {'x': 1} %}{% set n = namespace() %}{% for i in range(2000) %}"
        + statement.Replace("NAME", new string('n', 400_000)) + "{% endfor %}",
        ChatTemplateError.TooLarge);

    [Fact]
    public void Render_MacroWithManyParameters_IsPaidForEachTime()
    {
        StringBuilder template = new("{% macro m(");
        for (int i = 0; i < 100_000; i++)
        {
            template.Append('p').Append(i).Append(',');
        }

        template.Append(") %}{% endmacro %}{% for i in range(2000) %}{{ m() }}{% endfor %}");
        CheckEnd(template.ToString(), ChatTemplateError.TooLarge);
    }

    [Theory]
    [InlineData("tojson")]
    [InlineData("string")]
    public void Render_ManyLongNumbers_ArePaidForAsText(string filter) => CheckEnd(
        $"{{% set x = ([9223372036854775807] * 2000000) | {filter} %}}", ChatTemplateError.TooLarge);

    /// <summary>Numbers whose hash in .NET is one and the same: upper and lower half of their bits are equal.</summary>
    [Fact]
    public void Render_UniqueNumbersOfOneHash_TakeNoLongerThanOthers()
    {
        const int Count = 300_000;
        StringBuilder json = new("{\"l\": [0");
        for (long high = 0x43300000; high < 0x43300000 + Count; high++)
        {
            json.Append(',').Append((long)BitConverter.Int64BitsToDouble((high << 32) | high));
        }

        using JsonDocument variables = JsonDocument.Parse(json.Append("]}").ToString());
        Stopwatch clock = Stopwatch.StartNew();
        string count = ChatTemplate.Parse("{{ l | unique | list | length }}").Render(variables.RootElement);
        Assert.Equal($"{Count + 1}", count);
        Assert.True(clock.Elapsed < TimeMax, $"took {clock.Elapsed}");
    }

    private static void CheckEnd(string template, ChatTemplateError? error)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch clock = Stopwatch.StartNew();
        ChatTemplateException? fault = null;
        try
        {
            ChatTemplate.Parse(template).Render([new("user", "Hi")]);
        }
        catch (ChatTemplateException caught)
        {
            fault = caught;
        }

        Assert.Equal(error, fault?.Error);
        Assert.True(fault is null || (fault.Message.EndsWith('.') && !fault.Message.Contains('\n')), fault?.Message);
        Assert.True(clock.Elapsed < TimeMax, $"took {clock.Elapsed}");
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < BytesMax, $"allocated {allocated} bytes");
    }

    /// <summary>As deep as anything may be, on a stack of the size that small systems give to threads.</summary>
    [Fact]
    public void Render_DeepestExpressionsInDeepestMacros_FitASmallStackOrSaySo()
    {
        StringBuilder template = new("{% macro m(n) %}");
        template.Insert(template.Length, "{% if 1 %}", 60).Append("{{ n").Insert(template.Length, " + 1", 200);
        template.Append(" + (m(n - 1) | length if n else 0) }}").Insert(template.Length, "{% endif %}", 60);
        template.Append("{% endmacro %}{{ m(120) }}");
        Assert.Equal(
            ChatTemplateError.TooDeep,
            FaultOnSmallStack(() => ChatTemplate.Parse(template.ToString()).Render([new("user", "Hi")])));
    }

    [Theory]
    [InlineData("{{ x | unheard }}", "the filter \"unheard\"")]
    [InlineData("{{ x is unheard }}", "the test \"unheard\"")]
    [InlineData("{% include 'x' %}", "the statement \"include\"")]
    [InlineData("{% for x in y recursive %}{% endfor %}", "a recursive for")]
    [InlineData("{{ messages.append(1) }}", "the method \"append\"")]
    [InlineData("{{ messages[0].update({}) }}", "the method \"update\"")]
    [InlineData("{{ messages.pop() }}", "the method \"pop\"")]
    [InlineData("{{ 'a'.format(1) }}", "the method \"format\"")]
    [InlineData("{{ '%s' % 1 }}", "the operator % on a string")]
    [InlineData("{{ range(*[1]) }}", "a call that spreads a list or a mapping")]
    [InlineData("{{ {1: 2} }}", "a mapping with keys that are no strings")]
    [InlineData("{{ messages | map('upper') }}", "printing a generator")]
    [InlineData("{{ messages[0].items }}", "printing a function")]
    [InlineData("{{ unheard(1) }}", "the function \"unheard\"")]
    [InlineData("{{ 'a'.upper(1) }}", "those arguments of the method \"upper\"")]
    [InlineData("{{ 'a' | upper(1) }}", "those arguments of the filter \"upper\"")]
    [InlineData("{{ 'a' | select('unheard') | list }}", "the test \"unheard\"")]
    [InlineData("{{ strftime_now('%Q') }}", "the time format %Q")]
    [InlineData("{{ 0xFF }}", "a number that is not decimal")]
    public void ParseOrRender_ConstructThatIsLacking_IsRefusedByName(string template, string construct)
    {
        ChatTemplateException fault = Assert.Throws<ChatTemplateException>(
            () => ChatTemplate.Parse(template).Render([new("user", "Hi")]));
        Assert.Equal(ChatTemplateError.UnsupportedConstruct, fault.Error);
        Assert.Equal(construct, fault.Construct);
        Assert.Equal($"The chat template uses {construct}, which is not supported.", fault.Message);
    }

    [Fact]
    public void Render_LongConversation_CostsInProportion()
    {
        // 4,000 turns of a kilobyte: what costs the square of either would need more than the budget has.
        string source = File.ReadAllText(
            SharedData.InRepository("tests/golden/chat-templates/constructs/im-tools.jinja"));
        List<ChatMessage> messages = [];
        string text = new('x', 500);
        for (int i = 0; i < 2000; i++)
        {
            messages.Add(new("user", text));
            messages.Add(new("assistant", text));
        }

        Assert.True(ChatTemplate.Parse(source).Render(messages).Length > 2_000_000);
    }

    [Theory]
    [InlineData("[]", "no JSON object")]
    [InlineData("{\"a\": \"\\ud800\"}", "no Unicode")]
    [InlineData("{\"a\": 99999999999999999999}", "more than 64 bits")]
    public void Render_VariablesThatNoTemplateCanHold_AreRefused(string variables, string words)
    {
        using JsonDocument document = JsonDocument.Parse(variables);
        Assert.Contains(words, Assert.Throws<ChatTemplateException>(
            () => ChatTemplate.Parse("").Render(document.RootElement)).Message);
    }

    [Fact]
    public void Render_VariablesOfAnyDepth_AreRefused()
    {
        const int Depth = 20_000;
        string json = $"{{\"a\": {new string('[', Depth)}{new string(']', Depth)}}}";
        using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = Depth + 1 });
        JsonElement variables = document.RootElement;
        Assert.Equal(ChatTemplateError.TooDeep, FaultOnSmallStack(() => ChatTemplate.Parse("").Render(variables)));
    }

    private static ChatTemplateError? FaultOnSmallStack(Action render)
    {
        const int StackBytes = 256 << 10;
        ChatTemplateError? error = null;
        Thread thread = new(
            () =>
            {
                try
                {
                    render();
                }
                catch (ChatTemplateException fault)
                {
                    error = fault.Error;
                }
            },
            StackBytes);
        thread.Start();
        thread.Join();
        return error;
    }
}
