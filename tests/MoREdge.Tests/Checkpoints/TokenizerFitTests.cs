using System.Text.Json.Nodes;
using MoREdge.Checkpoints;
using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Checkpoints;

/// <summary>Tokenizers with more tokens than the embedding has rows, which are ten here.</summary>
public sealed class TokenizerFitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>As in Gemma 3's 1B and 270M, whose tokenizer.json has a token for images behind the last row.</summary>
    [Fact]
    public void Open_AddedTokenBehindTheEmbedding_IsLeftOutWithAWarning()
    {
        Write("""{"id":10,"content":"<image>","special":true,"lstrip":true}""");

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        string[] tokens = checkpoint.Metadata.RequireStringArray(MetadataKeys.TokenizerTokens);
        Assert.Equal(SyntheticModel.VocabSize, tokens.Length);
        Assert.Equal("9", tokens[^1]);
        Assert.Equal(10, checkpoint.Metadata.RequireInt32Array(MetadataKeys.TokenizerTokenTypes).Length);
        Assert.False(checkpoint.Metadata.Contains(MetadataKeys.TokenizerLeftStripIds));
        Assert.Contains("<image>", Assert.Single(checkpoint.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id":12,"content":"<a>","special":true},{"id":11,"content":"<b>","special":false}""", null)]
    [InlineData("", "\"ab\":10")]
    [InlineData("""{"id":11,"content":"<a>","special":true}""", "\"ab\":10")]
    public void Open_TokensBehindTheEmbedding_AreRefusedOnlyInTheVocabulary(string added, string? last)
    {
        Write(added, last);

        if (last is null)
        {
            Checkpoint.Open(_folder.FullPath).Dispose();
        }
        else
        {
            Assert.Equal(CheckpointError.InvalidTokenizer, CheckpointReading.Refusal(_folder.FullPath));
        }
    }

    [Theory]
    [InlineData(10, -1, -1, -1)]
    [InlineData(-1, 10, -1, -1)]
    [InlineData(-1, -1, 10, -1)]
    [InlineData(-1, -1, -1, 10)]
    public void Fit_TokenThatGenerationNeedsWithoutARow_IsRefused(int bos, int eos, int turn, int other)
    {
        TokenizerDefinition tokenizer = Definition() with
        {
            BosId = bos,
            EosId = eos,
            EndOfTurnId = turn,
            EosIds = other < 0 ? [] : [other],
        };

        CheckpointException fault = Assert.Throws<CheckpointException>(() => TokenizerSource.Fit(tokenizer, 10, []));

        Assert.Equal(CheckpointError.InvalidTokenizer, fault.Error);
    }

    /// <summary>No text could be started with such a model file.</summary>
    [Theory]
    [InlineData("generation_config.json", """{"eos_token_id":[2,10]}""", "token 10")]
    [InlineData("generation_config.json", """{"eos_token_id":[2,9]}""", null)]
    [InlineData("config.json", """ "eos_token_id":11 """, "token 11")]
    [InlineData("config.json", """ "bos_token_id":12 """, "token 12")]
    public void Open_ConfigurationThatNamesATokenOfNoTokenizer_IsRefused(string file, string setting, string? part)
    {
        Write("");
        if (file == "config.json")
        {
            JsonObject config = SyntheticModel.Config(1);
            foreach ((string key, JsonNode? value) in JsonNode.Parse($"{{{setting}}}")!.AsObject().ToList())
            {
                config[key] = value!.DeepClone();
            }

            _folder.WriteConfig(config);
        }
        else
        {
            _folder.Write(file, setting);
        }

        if (part is null)
        {
            Checkpoint.Open(_folder.FullPath).Dispose();
            return;
        }

        CheckpointException fault = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.FullPath));
        Assert.Equal(CheckpointError.InvalidTokenizer, fault.Error);
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    /// <summary>A download that never began, not a SentencePiece model without a kind.</summary>
    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer.model")]
    public void Open_EmptyTokenizer_SaysSo(string name)
    {
        Write("");
        File.Delete(_folder["tokenizer.json"]);
        _folder.Write(name, "");

        CheckpointException fault = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.FullPath));

        Assert.Equal(CheckpointError.InvalidTokenizer, fault.Error);
        Assert.Equal($"{name} is empty, so it is no tokenizer.", fault.Message);
    }

    [Fact]
    public void Open_FolderWithoutATokenizer_NamesTheOption()
    {
        Write("");
        File.Delete(_folder["tokenizer.json"]);

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Contains("without --tokenizer", Assert.Single(checkpoint.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_PaddingWithoutARow_IsNoLongerNamed()
    {
        List<string> warnings = [];
        TokenizerDefinition tokenizer = Definition() with { PaddingId = 10, Scores = new float[11] };

        TokenizerDefinition fitted = TokenizerSource.Fit(tokenizer, 10, warnings);

        Assert.Equal(-1, fitted.PaddingId);
        Assert.Equal(10, fitted.Scores!.Length);
        Assert.Single(warnings);
        Assert.Same(fitted, TokenizerSource.Fit(fitted, 10, warnings));
        Assert.Single(warnings);
    }

    /// <summary>The rows behind the tokens are padding, or the tokenizer is that of another model.</summary>
    [Theory]
    [InlineData(11, false)]
    [InlineData(12, true)]
    [InlineData(200, true)]
    public void Fit_MoreRowsThanPaddingExplains_IsAWarning(int rows, bool warns)
    {
        List<string> warnings = [];

        TokenizerSource.Fit(Definition(), rows, warnings);

        Assert.Equal(warns, warnings.Count == 1);
        Assert.All(warnings, warning => Assert.Contains($"11 tokens, the embedding {rows} rows", warning));
    }

    private static TokenizerDefinition Definition()
    {
        TokenKind[] kinds = new TokenKind[11];
        Array.Fill(kinds, TokenKind.Normal);
        kinds[10] = TokenKind.Control;
        return new TokenizerDefinition
        {
            Algorithm = TokenizerAlgorithm.SentencePieceBpe,
            Tokens = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "<image>"],
            Kinds = kinds,
        };
    }

    private void Write(string added, string? last = null)
    {
        const string Vocabulary = "\"0\":0,\"1\":1,\"2\":2,\"3\":3,\"4\":4,\"5\":5,\"6\":6,\"7\":7,\"8\":8,\"9\":9";
        string vocabulary = last is null ? Vocabulary : $"{Vocabulary},{last}";
        string model = $$"""{"type":"BPE","vocab":{{{vocabulary}}},"merges":[]}""";
        const string Bytes = """{"type":"ByteLevel","add_prefix_space":false}""";
        _folder.Write(
            "tokenizer.json",
            $$"""{"added_tokens":[{{added}}],"model":{{model}},"pre_tokenizer":{{Bytes}},"decoder":{{Bytes}}}""");
        _folder.WriteConfig(SyntheticModel.Config(1));
        _folder.Write("model.safetensors", SafetensorsBuilder.File(SyntheticModel.Llama(1).Tensors));
    }
}
