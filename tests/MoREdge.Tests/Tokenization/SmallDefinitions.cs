using System.Text;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

/// <summary>Small vocabularies made in memory, so that these tests need no file.</summary>
internal static class SmallDefinitions
{
    /// <summary>
    /// Ids: 0 and 1 control, 2 user-defined "&lt;tool&gt;", then 256 bytes, then "ab", "aa", "aaaa", "00", two spaces.
    /// </summary>
    public static TokenizerDefinition ByteLevel(PreTokenizer preTokenizer = PreTokenizer.Gpt2)
    {
        List<string> tokens = ["<bos>", "<eos>", "<tool>"];
        int shifted = 0x100;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            tokens.Add(((char)(printable ? value : shifted++)).ToString());
        }

        tokens.AddRange(["ab", "aa", "aaaa", "00", "ĠĠ"]);
        TokenKind[] kinds = new TokenKind[tokens.Count];
        Array.Fill(kinds, TokenKind.Normal);
        kinds[0] = kinds[1] = TokenKind.Control;
        kinds[2] = TokenKind.UserDefined;
        return new TokenizerDefinition
        {
            Algorithm = TokenizerAlgorithm.ByteLevelBpe,
            Tokens = [.. tokens],
            Kinds = kinds,
            Merges = ["a b", "a a", "aa aa", "0 0", "Ġ Ġ"],
            PreTokenizer = preTokenizer,
            BosId = 0,
            EosId = 1,
            AddBos = true,
        };
    }

    /// <summary>Ids: 0 unknown, 1 and 2 control, 3 to 258 bytes, then pieces with falling scores.</summary>
    public static TokenizerDefinition SentencePiece()
    {
        List<string> tokens = ["<unk>", "<s>", "</s>"];
        for (int value = 0; value < 256; value++)
        {
            tokens.Add($"<0x{value:X2}>");
        }

        tokens.AddRange(["ab", "aa", "aaaa", "00", "▁▁", "▁a", "▁", "a", "b", "0", "é"]);
        TokenKind[] kinds = new TokenKind[tokens.Count];
        Array.Fill(kinds, TokenKind.Normal);
        Array.Fill(kinds, TokenKind.Byte, 3, 256);
        (kinds[0], kinds[1], kinds[2]) = (TokenKind.Unknown, TokenKind.Control, TokenKind.Control);
        float[] scores = new float[tokens.Count];
        for (int id = 259; id < scores.Length; id++)
        {
            scores[id] = 259 - id;
        }

        return new TokenizerDefinition
        {
            Algorithm = TokenizerAlgorithm.SentencePieceBpe,
            Tokens = [.. tokens],
            Kinds = kinds,
            Scores = scores,
            UnknownId = 0,
            BosId = 1,
            EosId = 2,
            AddBos = true,
            AddSpacePrefix = true,
        };
    }

    /// <summary>The same pieces with merges in place of scores.</summary>
    public static TokenizerDefinition SentencePieceByRank() => SentencePiece() with
    {
        Scores = null,
        Merges = ["a b", "a a", "aa aa", "0 0", "▁ ▁", "▁ a"],
    };

    /// <summary>A copy in which one token is spelled otherwise.</summary>
    public static TokenizerDefinition WithToken(this TokenizerDefinition definition, int id, string text)
    {
        string[] tokens = [.. definition.Tokens];
        tokens[id] = text;
        return definition with { Tokens = TextTable.Create(tokens) };
    }

    /// <summary>A copy with further control tokens behind the others.</summary>
    public static TokenizerDefinition WithControlTokens(this TokenizerDefinition definition, params string[] texts)
    {
        TokenKind[] kinds = new TokenKind[texts.Length];
        Array.Fill(kinds, TokenKind.Control);
        return definition with
        {
            Tokens = TextTable.Create([.. definition.Tokens, .. texts]),
            Kinds = [.. definition.Kinds, .. kinds],
        };
    }

    /// <summary>
    /// Random text over scripts, emoji, controls and spaces; valid Unicode, without the visible space itself.
    /// </summary>
    public static string RandomText(Random random, int length)
    {
        (int First, int Last)[] ranges =
        [
            (0x00, 0x7F), (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x400, 0x4FF), (0x5D0, 0x5EA), (0x900, 0x97F),
            (0x2000, 0x206F), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xE0FF), (0xFFF0, 0xFFFF),
            (0x1F300, 0x1FAFF), (0x10000, 0x10FFFF),
        ];
        StringBuilder text = new();
        for (int i = 0; i < length; i++)
        {
            (int first, int last) = ranges[random.Next(ranges.Length)];
            text.Append(new Rune(random.Next(first, last + 1)).ToString());
        }

        return text.Replace("\u2581", "_").ToString();
    }
}
