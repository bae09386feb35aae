using System.Diagnostics;
using System.Text;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

public sealed class TokenizerTests
{
    // A second on a free core; a quadratic scan would need hours. The rest is for a machine that runs other things.
    private static readonly TimeSpan LinearTimeMax = TimeSpan.FromSeconds(60);

    private static Tokenizer Small(string name) => new(name switch
    {
        "byte-level" => SmallDefinitions.ByteLevel(),
        "byte-level-uncut" => SmallDefinitions.ByteLevel(PreTokenizer.None),
        "smollm" => SmallDefinitions.ByteLevel(PreTokenizer.Smollm),
        "llama3" => SmallDefinitions.ByteLevel(PreTokenizer.Llama3),
        "qwen2" => SmallDefinitions.ByteLevel(PreTokenizer.Qwen2),
        "rank" => SmallDefinitions.SentencePieceByRank(),
        _ => SmallDefinitions.SentencePiece(),
    });

    [Fact]
    public void Encode_HandWorkedText_MergesByRankLeftmostFirst()
    {
        Tokenizer tokenizer = Small("byte-level");
        string[] Pieces(string text) =>
            Array.ConvertAll(tokenizer.Encode(text, addSpecial: false), tokenizer.TokenText);

        // "ab" outranks "aa": the last a of aaab goes to the b, and one a of the other two stays in "aa".
        Assert.Equal(["aa", "ab"], Pieces("aaab"));
        Assert.Equal(["aaaa", "a"], Pieces("aaaaa"));
        Assert.Equal(["<tool>", "x", "<bos>"], Pieces("<tool>x<bos>"));
        Assert.Empty(Pieces(""));
    }

    [Theory]
    [InlineData("score")]
    [InlineData("rank")]
    public void Encode_SentencePiece_PrefixesAndFallsBackToBytes(string name)
    {
        Tokenizer tokenizer = Small(name);
        string[] Pieces(string text) => Array.ConvertAll(tokenizer.Encode(text), tokenizer.TokenText);
        Assert.Equal(["<s>", "▁a", "é"], Pieces("aé"));
        Assert.Equal(["<s>", "▁▁", "ab"], Pieces(" ab"));
        Assert.Equal(["<s>", "▁", "<0xE2>", "<0x82>", "<0xAC>"], Pieces("€"));
        Assert.Equal(["<s>", "▁a", "</s>", "▁", "b"], Pieces("a</s>b"));
        Assert.Equal(["<s>"], Pieces(""));
    }

    [Fact]
    public void Encode_WithoutParseSpecial_KeepsControlSpellingsText()
    {
        Tokenizer tokenizer = Small("byte-level");
        int[] ids = tokenizer.Encode("<bos><tool>", addSpecial: false, parseSpecial: false);
        Assert.DoesNotContain(0, ids);
        Assert.Equal(2, ids[^1]);
        Assert.Equal("<bos><tool>", tokenizer.Decode(ids));
    }

    [Fact]
    public void Encode_SpecialTokens_LongestWins()
    {
        Tokenizer tokenizer = new(SmallDefinitions.ByteLevel().WithToken(1, "<bos><bos>!"));
        Assert.Equal([0, 1], tokenizer.Encode("<bos><bos><bos>!", addSpecial: false));
    }

    [Fact]
    public void Encode_RandomSpecialTokens_AreLeftmostAndLongest()
    {
        Random random = new(44);
        string Letters(int length) =>
            string.Create(length, random, (text, source) => source.GetItems("ab", text));
        for (int round = 0; round < 500; round++)
        {
            string[] tokens = new string[random.Next(1, 8)];
            for (int i = 0; i < tokens.Length; i++)
            {
                tokens[i] = Letters(random.Next(1, 9));
            }

            TokenizerDefinition definition = SmallDefinitions.ByteLevel().WithControlTokens(tokens);
            int first = definition.Tokens.Count - tokens.Length;
            string text = Letters(60);
            List<int> expected = [];
            for (int at = 0; at < text.Length;)
            {
                int best = -1;
                for (int i = 0; i < tokens.Length; i++)
                {
                    bool isLonger = best < 0 || tokens[i].Length > tokens[best].Length;
                    best = isLonger && text.AsSpan(at).StartsWith(tokens[i]) ? i : best;
                }

                at += best < 0 ? 1 : tokens[best].Length;
                expected.AddRange(best < 0 ? [] : [first + best]);
            }

            int[] ids = new Tokenizer(definition).Encode(text, addSpecial: false);
            Assert.Equal(expected, Array.FindAll(ids, id => id >= first));
        }
    }

    [Fact]
    public void Encode_TextThatNearlyIsSpecialTokens_FinishesInSeconds()
    {
        // At every place of the text one token goes on as far as it may, and many others could have.
        List<string> tokens = [new string('a', TokenizerLimits.SpecialTokenBytesMax - 1) + "b"];
        for (int length = 0; length < TokenizerLimits.SpecialTokenBytesMax; length++)
        {
            for (char last = '\u0001'; last < 'a'; last++)
            {
                tokens.Add(new string('a', length) + last);
            }
        }

        Tokenizer tokenizer = new(SmallDefinitions.ByteLevel().WithControlTokens([.. tokens]));
        string text = new('a', 1 << 21);
        Stopwatch clock = Stopwatch.StartNew();
        int[] ids = tokenizer.Encode(text);
        Assert.True(clock.Elapsed < LinearTimeMax, $"took {clock.Elapsed}");
        Assert.Equal(text, tokenizer.Decode(ids));
    }

    [Fact]
    public void Encode_StripFlags_SwallowWhiteSpace()
    {
        TokenizerDefinition definition = SmallDefinitions.ByteLevel() with { LeftStripIds = [1], RightStripIds = [0] };
        Tokenizer tokenizer = new(definition);
        int[] ids = tokenizer.Encode("a \n<eos> b<bos> \tc", addSpecial: false);
        Assert.Equal("a<eos> b<bos>c", tokenizer.Decode(ids, skipSpecial: false));
    }

    /// <summary>As the Rust library does.</summary>
    [Fact]
    public void Encode_TokensWithinSwallowedWhiteSpace_AreFound()
    {
        TokenizerDefinition definition = SmallDefinitions.ByteLevel() with { RightStripIds = [0, 1] };
        Tokenizer tokenizer = new(definition.WithToken(2, "\n"));
        Assert.Equal([0, 2, 2, 1], tokenizer.Encode("<bos> \n\n<eos>\t", addSpecial: false));
        Assert.Equal([0, 2, 3 + ' ', 3 + 'a'], tokenizer.Encode("<bos>\n a", addSpecial: false));
    }

    [Fact]
    public void Encode_ManyStripFlags_CostNothingPerToken()
    {
        int[] ids = new int[100_000];
        Tokenizer tokenizer = new(SmallDefinitions.ByteLevel() with { LeftStripIds = ids, RightStripIds = ids });
        string text = string.Concat(Enumerable.Repeat("<eos>", 200_000));
        Stopwatch clock = Stopwatch.StartNew();
        Assert.Equal(200_000, tokenizer.Encode(text, addSpecial: false).Length);
        Assert.True(clock.Elapsed < LinearTimeMax, $"took {clock.Elapsed}");
    }

    [Fact]
    public void Encode_PrefixScopeAndExtraWhitespaces_FollowSentencePiece()
    {
        Tokenizer tokenizer = new(SmallDefinitions.SentencePiece() with
        {
            PrefixScope = SpacePrefixScope.FirstSegment,
            RemoveExtraWhitespaces = true,
            AddEos = true,
        });
        string[] pieces = Array.ConvertAll(tokenizer.Encode("  a  b </s> b"), tokenizer.TokenText);
        Assert.Equal(["<s>", "▁a", "▁", "b", "</s>", "b", "</s>"], pieces);
        Assert.Equal([1, 2], tokenizer.Encode("   "));
        Assert.Equal(tokenizer.Encode("b"), tokenizer.Encode(" b ▁▁"));

        // A space that was visible before is no part of a run: three of them with the one in front.
        pieces = Array.ConvertAll(tokenizer.Encode("▁▁b▁  b"), tokenizer.TokenText);
        Assert.Equal(["<s>", "▁▁", "▁", "b", "▁▁", "b", "</s>"], pieces);
        Tokenizer ifMissing = new(SmallDefinitions.SentencePiece() with { PrefixOnlyIfMissing = true });
        Assert.Equal(ifMissing.Encode("ab"), ifMissing.Encode(" ab"));
    }

    [Fact]
    public void Encode_UnusedPieces_AreTakenApartAgain()
    {
        TokenizerDefinition definition = SmallDefinitions.SentencePiece();
        definition.Kinds[definition.FindToken("aaaa")] = TokenKind.Unused;
        Tokenizer tokenizer = new(definition with { AddSpacePrefix = false, AddBos = false });
        Assert.Equal(["aa", "aa"], Array.ConvertAll(tokenizer.Encode("aaaa"), tokenizer.TokenText));
    }

    [Fact]
    public void Encode_UnknownCharacters_FuseIntoOneToken()
    {
        TokenizerDefinition definition = SmallDefinitions.SentencePiece();
        Array.Fill(definition.Kinds, TokenKind.Normal, 3, 256);
        definition = definition with { AddSpacePrefix = false };
        Assert.Equal([1, 0, 266, 0], new Tokenizer(definition).Encode("xyaz"));
        Assert.Equal([1, 0, 0, 266, 0], new Tokenizer(definition with { FuseUnknown = false }).Encode("xyaz"));
    }

    [Fact]
    public void Encode_BytesWithoutToken_VanishAndTheirNeighboursMerge()
    {
        TokenizerDefinition definition = SmallDefinitions.ByteLevel().WithToken(3 + 'q', "not a byte");
        Tokenizer tokenizer = new(definition);
        Assert.Equal(["ab"], Pieces("aqb"));
        Assert.Equal(["aaaa", "ab"], Pieces("qaqaaqqaabq"));
        tokenizer = new Tokenizer(definition with { UnknownId = 0 });
        Assert.Equal(["a", "<bos>", "ab"], Pieces("aqab"));
        Assert.Equal(["a", "<bos>", "ab"], Pieces("aqqab"));
        tokenizer = new Tokenizer(definition with { UnknownId = 0, FuseUnknown = false });
        Assert.Equal(["a", "<bos>", "<bos>", "ab"], Pieces("aqqab"));
        string[] Pieces(string text) =>
            Array.ConvertAll(tokenizer.Encode(text, addSpecial: false), tokenizer.TokenText);
    }

    [Fact]
    public void Encode_SeveralMergesMakeOneToken_TheirOwnRanksCount()
    {
        // "aab" is made of "aa b" before and of "a ab" after "ab" is made; a doubled merge keeps its first rank.
        TokenizerDefinition definition = SmallDefinitions.ByteLevel();
        definition = definition.WithToken(definition.FindToken("00"), "aab");
        Assert.Equal(["aab"], Pieces("a a", "aa b", "a b", "a ab"));
        Assert.Equal(["aab"], Pieces("a b", "a ab", "a a", "aa b"));
        Assert.Equal(["aa", "b"], Pieces("a a", "a ab", "a b"));
        Assert.Equal(["aab"], Pieces("a b", "a a", "a ab", "a a"));
        string[] Pieces(params string[] merges)
        {
            Tokenizer tokenizer = new(definition with { Merges = TextTable.Create(merges) });
            return Array.ConvertAll(tokenizer.Encode("aab", addSpecial: false), tokenizer.TokenText);
        }
    }

    [Fact]
    public void Encode_MergesOfPiecesWithSpaces_FindTheirSeparator()
    {
        // In a file's own spelling of spaces: "a b" + "a", where the first space is no separator.
        TokenizerDefinition definition = SmallDefinitions.SentencePieceByRank() with { AddSpacePrefix = false };
        definition = definition.WithToken(definition.FindToken("00"), "a b");
        definition = definition.WithToken(definition.FindToken("é"), "a ba");
        definition = definition with { Merges = ["▁ b", "a ▁b", "a b a"], AddBos = false };
        definition = definition.WithToken(definition.FindToken("▁▁"), "▁b");
        Tokenizer tokenizer = new(definition);
        Assert.Equal(["a ba"], Array.ConvertAll(tokenizer.Encode("a ba"), tokenizer.TokenText));
    }

    [Fact]
    public void Encode_IgnoreMerges_TakesWholePreTokens()
    {
        TokenizerDefinition definition = SmallDefinitions.ByteLevel() with { Merges = ["a b"] };
        int last = definition.Tokens.Count - 1;
        definition = definition.WithToken(last, "aaab");
        int[] Ids(bool ignore) =>
            new Tokenizer(definition with { IgnoreMerges = ignore }).Encode("aaab", addSpecial: false);
        Assert.Equal([last], Ids(true));
        Assert.Equal(3, Ids(false).Length);
    }

    /// <summary>Text is spelled in the 256 characters of the alphabet, so a token with others is never its.</summary>
    [Fact]
    public void Encode_TokensWithCharactersThatAreNoBytes_AreNotFound()
    {
        TokenizerDefinition definition = SmallDefinitions.ByteLevel() with { Merges = ["a b"], IgnoreMerges = true };
        int word = definition.FindToken("aaaa");
        Tokenizer tokenizer = new(definition.WithToken(word, "日"));
        int[] ids = tokenizer.Encode("日", addSpecial: false);
        Assert.Equal([3 + 0xE6, 3 + 0x97, 3 + 0xA5], ids);
        Assert.Equal("日", tokenizer.Decode([word]));
    }

    [Fact]
    public void Encode_Nfc_ComposesBeforeMerging()
    {
        Tokenizer tokenizer = new(SmallDefinitions.ByteLevel() with { NormalizeNfc = true });
        Assert.Equal(tokenizer.Encode("caf\u00E9"), tokenizer.Encode("cafe\u0301"));
    }

    [Fact]
    public void Encode_LoneSurrogates_BecomeTheReplacementCharacter()
    {
        Tokenizer tokenizer = Small("byte-level");
        Assert.Equal(tokenizer.Encode("a\uFFFDb\uFFFD"), tokenizer.Encode("a\uD83Db\uDE00"));
    }

    [Theory]
    [InlineData("byte-level")]
    [InlineData("byte-level-uncut")]
    [InlineData("smollm")]
    [InlineData("llama3")]
    [InlineData("qwen2")]
    [InlineData("score")]
    [InlineData("rank")]
    public void EncodeDecode_RandomUnicode_IsLosslessAlsoWhenStreamed(string name)
    {
        Tokenizer tokenizer = Small(name);
        Random random = new(42);
        for (int round = 0; round < 300; round++)
        {
            string text = SmallDefinitions.RandomText(random, random.Next(0, 60));
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(text, tokenizer.Decode(ids));
            TokenStream stream = new(tokenizer);
            StringBuilder streamed = new();
            foreach (int id in ids)
            {
                string piece = stream.Append(id);
                Assert.True(piece.Length == 0 || !char.IsHighSurrogate(piece[^1]));
                streamed.Append(piece);
            }

            Assert.Equal(text, streamed.Append(stream.Flush()).ToString());
        }
    }

    [Theory]
    [InlineData("mor-stories")]
    [InlineData("gpt-2")]
    [InlineData("llama-spm")]
    [InlineData("tok512")]
    public void EncodeDecode_PublicVocabularies_AreLossless(string name)
    {
        Tokenizer tokenizer = PublicTokenizers.Get(name);
        Random random = new(43);
        for (int round = 0; round < 200; round++)
        {
            string text = SmallDefinitions.RandomText(random, random.Next(0, 80));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, parseSpecial: false)));
        }
    }

    [Theory]
    [InlineData("byte-level")]
    [InlineData("byte-level-uncut")]
    [InlineData("smollm")]
    [InlineData("llama3")]
    [InlineData("qwen2")]
    [InlineData("score")]
    [InlineData("rank")]
    public void Encode_MegabyteOfOneThing_FinishesInSeconds(string name)
    {
        Tokenizer tokenizer = Small(name);
        string[] texts =
        [
            new('a', 1 << 20), new(' ', 1 << 20), new('0', 1 << 20), new('\n', 1 << 20), new('<', 1 << 20),
            string.Concat(Enumerable.Repeat("ab", 1 << 19)), string.Concat(Enumerable.Repeat("\u0301", 1 << 19)),
        ];
        foreach (string text in texts)
        {
            Stopwatch clock = Stopwatch.StartNew();
            int[] ids = tokenizer.Encode(text);
            clock.Stop();
            Assert.True(clock.Elapsed < LinearTimeMax, $"'{text[0]}' took {clock.Elapsed}");
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void IsEndOfSequence_EveryNamedId_Ends()
    {
        Tokenizer tokenizer = new(SmallDefinitions.ByteLevel() with { EndOfTurnId = 2, EosIds = [7] });
        Assert.True(tokenizer.IsEndOfSequence(1) && tokenizer.IsEndOfSequence(2) && tokenizer.IsEndOfSequence(7));
        Assert.False(tokenizer.IsEndOfSequence(0) || tokenizer.IsEndOfSequence(8));
        Assert.True(tokenizer.IsSpecial(0) && !tokenizer.IsSpecial(2));
        Assert.Equal("ab"u8.ToArray(), tokenizer.DecodeBytes(259).ToArray());
    }
}
