using System.Runtime.CompilerServices;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>
/// What a hostile template may spend: every step costs 1, every character read or made and every item made costs more.
/// </summary>
internal sealed class JinjaBudget
{
    /// <summary>Enough for a conversation of about two megabytes, and spent within seconds.</summary>
    public const long WorkMax = 1L << 25;

    /// <summary>What a list, mapping or scope costs beside its items: they take that much more memory.</summary>
    public const int CostOfObject = 8;

    /// <summary>What printing a number costs: the longest ones have about as many characters.</summary>
    public const int CostOfNumber = 24;

    // As many characters are hashed or compared in the time of a step.
    private const int CharsPerStep = 16;

    // As many as a JSON schema that a macro walks down may be deep, twice over.
    private const int MacroDepthMax = 128;

    private long _spent;
    private int _macroDepth;

    /// <summary>Marks what people say; null where nothing is marked.</summary>
    public ChatGuard? Guard { get; init; }

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

    /// <summary>A step of a recursion: spends 1 and sees that the stack has room.</summary>
    /// <exception cref="ChatTemplateException">Nothing is left.</exception>
    public void Step()
    {
        Spend(1);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new ChatTemplateException(
                ChatTemplateError.TooDeep, "The chat template needs more stack than there is.");
        }
    }

    /// <summary>Begins a macro.</summary>
    /// <exception cref="ChatTemplateException">Too many macros run inside each other.</exception>
    public void EnterMacro()
    {
        if (++_macroDepth > MacroDepthMax)
        {
            throw new ChatTemplateException(
                ChatTemplateError.TooDeep, $"Macros call each other more than {MacroDepthMax} deep.");
        }
    }

    /// <summary>Ends a macro.</summary>
    public void LeaveMacro() => _macroDepth--;

    /// <summary>
    /// Spends what a search may cost at worst beyond one pass: a long pattern is compared at many places.
    /// </summary>
    public void SpendOnSearch(string text, string pattern)
    {
        Spend(pattern.Length <= CharsPerStep ? 0 : (long)text.Length * pattern.Length / (CharsPerStep * CharsPerStep));
    }

    /// <summary>Spends what looking a key or a name up costs beyond the step: a long one is hashed whole.</summary>
    public void SpendOnKey(string key) => Spend(key.Length / CharsPerStep);

    /// <summary>Spends what reading a text once, or making it, costs.</summary>
    public void SpendOn(string text) => Spend(1 + text.Length);

    /// <summary>What an operation has made of a text, with its marks.</summary>
    public object? Guarded(string from, object? made) => Guard is null ? made : Guard.MarkMade(from, made);

    /// <summary>Spends what making a list costs.</summary>
    public void SpendOnItems(long count) => Spend(CostOfObject + count);
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
        Budget.Spend(JinjaBudget.CostOfObject);
    }

    public JinjaBudget Budget { get; }

    public void Set(string name, object? value)
    {
        Budget.SpendOnKey(name);
        _variables[name] = value;
    }

    public object? Get(string name)
    {
        for (JinjaScope? scope = this; scope is not null; scope = scope._outer)
        {
            Budget.SpendOnKey(name);
            if (scope._variables.TryGetValue(name, out object? value))
            {
                return value;
            }
        }

        return new JinjaUndefined(name);
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

/// <summary>
/// The value of a name or key that is not there: prints as nothing, is false, and iterates over nothing.
/// </summary>
internal sealed class JinjaUndefined(string name)
{
    public string Name => name;
}

/// <summary>An object that a template makes with <c>namespace()</c> to carry values out of loops.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Values { get; } = [];
}
