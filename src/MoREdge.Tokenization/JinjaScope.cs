using System.Text;

namespace MoREdge.Tokenization;

/// <summary>What a hostile template may spend: every step costs 1, every character read or made costs 1 more.</summary>
internal sealed class JinjaBudget
{
    /// <summary>Enough for a conversation of about two megabytes, and spent within seconds.</summary>
    public const long WorkMax = 1L << 25;

    private long _spent;

    /// <summary>Spends work.</summary>
    /// <exception cref="ChatTemplateException">Nothing is left.</exception>
    public void Spend(long work)
    {
        _spent += work;
        if (_spent > WorkMax)
        {
            throw new ChatTemplateException(
                ChatTemplateError.TooLarge, "The chat template does more work than any honest one would.");
        }
    }

    /// <summary>Spends what a search may cost at worst beyond one pass: a long pattern is compared at many
    /// places.</summary>
    public void SpendOnSearch(string text, string pattern)
    {
        const int FreePattern = 16;
        Spend(pattern.Length <= FreePattern ? 0 : (long)text.Length * pattern.Length / (FreePattern * FreePattern));
    }

    /// <summary>Spends what looking at a value, or making it, costs.</summary>
    public void SpendOn(object? value) => Spend(value switch
    {
        string text => 1 + text.Length,
        List<object?> list => 1 + list.Count,
        _ => 1,
    });
}

/// <summary>The variables of one block; a loop's body has its own, as in Jinja.</summary>
internal sealed class JinjaScope
{
    private readonly Dictionary<string, object?> _variables = [];
    private readonly JinjaScope? _outer;

    public JinjaScope(JinjaBudget budget) => Budget = budget;

    public JinjaScope(JinjaScope outer)
    {
        _outer = outer;
        Budget = outer.Budget;
    }

    public JinjaBudget Budget { get; }

    public void Set(string name, object? value) => _variables[name] = value;

    public object? Get(string name)
    {
        for (JinjaScope? scope = this; scope is not null; scope = scope._outer)
        {
            if (scope._variables.TryGetValue(name, out object? value))
            {
                return value;
            }
        }

        return JinjaFunction.Find(name) ?? (object)new JinjaUndefined(name);
    }
}

/// <summary>The text made so far.</summary>
internal sealed class JinjaOutput(JinjaBudget budget)
{
    private readonly StringBuilder _text = new();

    public void Write(string text)
    {
        budget.SpendOn(text);
        _text.Append(text);
    }

    public override string ToString() => _text.ToString();
}

/// <summary>The value of a name or key that is not there: prints as nothing, is false, and iterates over
/// nothing.</summary>
internal sealed class JinjaUndefined(string name)
{
    public string Name => name;
}

/// <summary>An object that a template makes with <c>namespace()</c> to carry values out of loops.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Values { get; } = [];
}

/// <summary>A function that every template finds by name.</summary>
internal sealed class JinjaFunction
{
    private static readonly JinjaFunction[] All = [new("namespace"), new("raise_exception"), new("range")];

    private JinjaFunction(string name) => Name = name;

    public string Name { get; }

    public static JinjaFunction? Find(string name) => Array.Find(All, function => function.Name == name);
}

/// <summary>The <c>loop</c> variable.</summary>
internal sealed class JinjaLoop(List<object?> items)
{
    public int Index { get; set; }

    public object? Get(string name) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)items.Count - Index,
        "revindex0" => items.Count - Index - 1L,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "previtem" => Index > 0 ? items[Index - 1] : new JinjaUndefined("loop.previtem"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new JinjaUndefined("loop.nextitem"),
        _ => throw ChatTemplateException.Unsupported($"loop.{name}"),
    };
}
