using System.Text;
using System.Text.RegularExpressions;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

public sealed class PreTokenizerScannerTests
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
        + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
        + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string O200k =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Tekken =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        + @"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Characters of the basic plane only: .NET's expressions see UTF-16 units.
    private static readonly string[] Parts =
    [
        " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u3000", "\u0085", "'", "'s", "'S", "'re", "'LL", "'ve", "'d", "a",
        "The", "é", "ж", "你好", "ª", "1", "23", "456", "½", "५", "Ⅷ", ".", "!?", "--", "\u0300", "\u200D", "\0", "…",
        "_", "$", "\"", "A", "HTTP", "Ǆ", "ǅ", "ǆ", "ʰ", "日", "/", "//", "\u0903", "\u20DD", "iP", "\u0301A",
    ];

    /// <summary>The published expression, run by .NET on random text, is the reference.</summary>
    [Theory]
    [InlineData(PreTokenizer.Gpt2, Gpt2)]
    [InlineData(PreTokenizer.Llama3, Llama3)]
    [InlineData(PreTokenizer.Qwen2, Qwen2)]
    [InlineData(PreTokenizer.Cl100k, Llama3)]
    [InlineData(PreTokenizer.O200k, O200k)]
    [InlineData(PreTokenizer.Tekken, Tekken)]
    public void NextLength_RandomText_EqualsTheExpression(PreTokenizer preTokenizer, string pattern)
    {
        Regex expression = new(pattern, RegexOptions.CultureInvariant);
        Random random = new(20240607);
        for (int round = 0; round < 4000; round++)
        {
            string text = RandomText(random);
            Assert.Equal(Matches(expression, text), Pieces(text, preTokenizer));
        }
    }

    [Fact]
    public void NextLength_Smollm_IsDigitsAloneThenGpt2()
    {
        Regex digit = new(@"(\p{N})");
        Regex expression = new(Gpt2);
        Random random = new(20240608);
        for (int round = 0; round < 4000; round++)
        {
            string text = RandomText(random);
            List<string> expected = [];
            foreach (string part in digit.Split(text))
            {
                expected.AddRange(Matches(expression, part));
            }

            Assert.Equal(expected, Pieces(text, PreTokenizer.Smollm));
        }
    }

    [Theory]
    [InlineData(PreTokenizer.Smollm, "a ½Ⅷ5 b", "a", " ", "½", "Ⅷ", "5", " b")]
    [InlineData(PreTokenizer.Gpt2, "𝐀𝐁 𝟙𝟚 😀😀", "𝐀𝐁", " 𝟙𝟚", " 😀😀")]
    [InlineData(PreTokenizer.Llama3, "it'ſ 1234", "it", "'ſ", " ", "123", "4")]
    [InlineData(PreTokenizer.None, "all in one", "all in one")]
    public void NextLength_CharactersBeyondTheExpressionTest_AreClassed(
        PreTokenizer preTokenizer, string text, params string[] expected) =>
            Assert.Equal(expected, Pieces(text, preTokenizer));

    [Theory]
    [InlineData("gpt-2", PreTokenizer.Gpt2)]
    [InlineData("smollm", PreTokenizer.Smollm)]
    [InlineData("llama-bpe", PreTokenizer.Llama3)]
    [InlineData("qwen2", PreTokenizer.Qwen2)]
    [InlineData("dbrx", PreTokenizer.Cl100k)]
    [InlineData("gpt-4o", PreTokenizer.O200k)]
    [InlineData("tekken", PreTokenizer.Tekken)]
    [InlineData("default", PreTokenizer.None)]
    public void GgufNames_EachOfOurs_GoesBothWays(string name, PreTokenizer preTokenizer)
    {
        Assert.Equal(preTokenizer, PreTokenizers.FromGgufName(name));
        Assert.Equal(name, PreTokenizers.ToGgufName(preTokenizer));
        Assert.Equal(PreTokenizer.None, PreTokenizers.FromGgufName(null));
    }

    private static string RandomText(Random random)
    {
        StringBuilder text = new();
        for (int i = random.Next(1, 14); i > 0; i--)
        {
            text.Append(Parts[random.Next(Parts.Length)]);
        }

        return text.ToString();
    }

    private static List<string> Matches(Regex expression, string text)
    {
        List<string> matches = [];
        foreach (Match match in expression.Matches(text))
        {
            matches.Add(match.Value);
        }

        return matches;
    }

    private static List<string> Pieces(string text, PreTokenizer preTokenizer)
    {
        List<string> pieces = [];
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        while (!rest.IsEmpty)
        {
            int length = PreTokenizerScanner.NextLength(rest, preTokenizer);
            pieces.Add(Encoding.UTF8.GetString(rest[..length]));
            rest = rest[length..];
        }

        return pieces;
    }
}
