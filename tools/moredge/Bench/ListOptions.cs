using System.CommandLine;
using System.Globalization;
using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>Options of bench that take a list: a row of the report for each entry.</summary>
internal static class ListOptions
{
    /// <summary>The numbers of an option such as 1,2, each once and in range.</summary>
    /// <exception cref="UsageException">Not such numbers.</exception>
    public static int[] Counts(ParseResult result, Option<string?> option, int fallback, int min, int max)
    {
        string? text = result.GetValue(option);
        List<int> counts = [];
        foreach (string part in text?.Split(',') ?? [fallback.ToString(CultureInfo.InvariantCulture)])
        {
            bool isNumber = int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int count);
            if (!isNumber || count < min || count > max)
            {
                throw new UsageException($"{option.Name}: '{part}' is not a number from {min} to {max}.");
            }

            AddOnce(option, counts, count, part);
        }

        return [.. counts];
    }

    /// <summary>The policies of an option such as recursion,shared, each once; null, as trained, for none.</summary>
    /// <exception cref="UsageException">Not such policies.</exception>
    public static KvPolicy?[] KvPolicies(ParseResult result, Option<string?> option)
    {
        if (result.GetValue(option) is not { } text)
        {
            return [null];
        }

        List<KvPolicy?> policies = [];
        foreach (string part in text.Split(','))
        {
            KvPolicy policy = ModelOptions.KvPolicyOf(part) ?? throw new UsageException(
                $"{option.Name}: '{part}' is none of {string.Join(", ", ModelOptions.KvNames)}.");
            AddOnce(option, policies, policy, part);
        }

        return [.. policies];
    }

    /// <summary>The rates of an option such as 0.5,0.9/0.7, each once; none for <paramref name="word"/>.</summary>
    /// <exception cref="UsageException">Not such rates.</exception>
    public static DraftRates[] Rates(ParseResult result, Option<string?> option, string word)
    {
        string text = result.GetValue(option)!;
        List<DraftRates> rates = [];
        foreach (string part in text == word ? [] : text.Split(','))
        {
            DraftRates rate = DraftRates.Parse(part) ?? throw new UsageException(
                $"{option.Name}: '{part}' is neither '{word}' nor a share from 0 to 1, or up to three of them with "
                + $"'{DraftRates.Separator}' between.");
            AddOnce(option, rates, rate, part);
        }

        return [.. rates];
    }

    private static void AddOnce<T>(Option<string?> option, List<T> items, T item, string name)
    {
        if (items.Contains(item))
        {
            throw new UsageException($"{option.Name}: {name} is named twice.");
        }

        items.Add(item);
    }
}
