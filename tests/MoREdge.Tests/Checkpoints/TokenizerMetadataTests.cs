using MoREdge.Checkpoints;
using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Checkpoints;

public sealed class TokenizerMetadataTests
{
    [Fact]
    public void Write_EveryField_HasItsKey()
    {
        TokenizerDefinition tokenizer = new()
        {
            Algorithm = TokenizerAlgorithm.SentencePieceBpe,
            Tokens = ["<unk>", "<s>", "</s>", "a"],
            Kinds = [TokenKind.Unknown, TokenKind.Control, TokenKind.Control, TokenKind.Normal],
            Scores = [0, 0, 0, -1.5f],
            BosId = 1,
            EosId = 2,
            UnknownId = 0,
            EosIds = [3],
            AddBos = true,
            AddSpacePrefix = true,
            PrefixScope = SpacePrefixScope.FirstSegment,
            LeftStripIds = [1],
            ChatTemplate = "{{ messages }}",
        };
        GgufMetadata metadata = new();

        TokenizerMetadata.Write(metadata, tokenizer, 1);

        Assert.Equal("llama", metadata.RequireString(MetadataKeys.TokenizerModel));
        Assert.Equal("default", metadata.RequireString(MetadataKeys.TokenizerPre));
        Assert.Equal(tokenizer.Tokens, metadata.RequireStringArray(MetadataKeys.TokenizerTokens));
        Assert.Equal([2, 3, 3, 1], metadata.RequireInt32Array(MetadataKeys.TokenizerTokenTypes));
        Assert.Equal(tokenizer.Scores, metadata.GetFloat32Array(MetadataKeys.TokenizerScores));
        Assert.False(metadata.Contains(MetadataKeys.TokenizerMerges));
        Assert.Equal(1, metadata.RequireInt32(MetadataKeys.TokenizerBos));
        Assert.Equal(2, metadata.RequireInt32(MetadataKeys.TokenizerEos));
        Assert.False(metadata.Contains(MetadataKeys.TokenizerEot));
        Assert.False(metadata.Contains(MetadataKeys.TokenizerPadding));
        Assert.Equal([1, 2, 3], metadata.RequireInt32Array(MetadataKeys.EosIds));
        Assert.True(metadata.RequireBoolean(MetadataKeys.TokenizerAddBos));
        Assert.False(metadata.RequireBoolean(MetadataKeys.TokenizerAddEos));
        Assert.Equal("first", metadata.RequireString(MetadataKeys.TokenizerPrefixScope));
        Assert.True(metadata.RequireBoolean(MetadataKeys.TokenizerFuseUnknown));
        Assert.Equal([1], metadata.RequireInt32Array(MetadataKeys.TokenizerLeftStripIds));
        Assert.False(metadata.Contains(MetadataKeys.TokenizerRightStripIds));
        Assert.Equal("{{ messages }}", metadata.RequireString(MetadataKeys.ChatTemplate));
    }
}
