using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Checkpoints;

/// <summary>
/// Writes a tokenizer into the metadata of a model file. Every key is listed here, so that reading inverts it.
/// </summary>
/// <remarks>
/// <list type="table">
/// <item><term>tokenizer.ggml.model</term><description>"gpt2" (ByteLevelBpe) or "llama"
/// (SentencePieceBpe).</description></item>
/// <item><term>tokenizer.ggml.pre</term><description>PreTokenizers.ToGgufName(PreTokenizer).</description></item>
/// <item><term>tokenizer.ggml.tokens</term><description>Tokens, as the definition spells them.</description></item>
/// <item><term>tokenizer.ggml.token_type</term><description>Kinds as int32.</description></item>
/// <item><term>tokenizer.ggml.scores</term><description>Scores; absent when null. Beside model "llama" without scores,
/// merges
/// decide (an extension: public GGUF files of that model have scores).</description></item>
/// <item><term>tokenizer.ggml.merges</term><description>Merges; absent when null.</description></item>
/// <item><term>tokenizer.ggml.{bos,eos,eot,unknown,padding}_token_id</term><description>uint32; absent when
/// −1.</description></item>
/// <item><term>moredge.eos_token_ids</term><description>Every id that ends a generation, ascending: EosId, EndOfTurnId,
/// EosIds,
/// and what config.json and generation_config.json list. Absent when there is none.</description></item>
/// <item><term>tokenizer.ggml.add_{bos,eos}_token, add_space_prefix,
/// remove_extra_whitespaces</term><description>Booleans,
/// always written.</description></item>
/// <item><term>moredge.tokenizer.{prefix_scope, prefix_only_if_missing, normalize_nfc, ignore_merges,
/// fuse_unknown}</term>
/// <description>What GGUF has no key for, always written.</description></item>
/// <item><term>moredge.tokenizer.{left_strip,right_strip,normalized}_ids</term><description>int32 arrays; absent when
/// empty.</description></item>
/// <item><term>tokenizer.chat_template</term><description>ChatTemplate; absent when null.</description></item>
/// </list>
/// </remarks>
public static class TokenizerMetadata
{
    /// <summary>Sets the keys above; a key that does not apply is removed.</summary>
    /// <param name="metadata">Where to write.</param>
    /// <param name="tokenizer">What to write.</param>
    /// <param name="extraEosIds">Further ids that end a generation.</param>
    public static void Write(GgufMetadata metadata, TokenizerDefinition tokenizer, params ReadOnlySpan<int> extraEosIds)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tokenizer);
        bool isByteLevel = tokenizer.Algorithm == TokenizerAlgorithm.ByteLevelBpe;
        SetText(metadata, MetadataKeys.TokenizerModel, isByteLevel ? "gpt2" : "llama");
        SetText(metadata, MetadataKeys.TokenizerPre, PreTokenizers.ToGgufName(tokenizer.PreTokenizer));
        metadata.Set(MetadataKeys.TokenizerTokens, GgufValue.FromStrings([.. tokenizer.Tokens]));
        int[] kinds = Array.ConvertAll(tokenizer.Kinds, kind => (int)kind);
        metadata.Set(MetadataKeys.TokenizerTokenTypes, GgufValue.FromInt32s(kinds));
        SetOrRemove(
            metadata,
            MetadataKeys.TokenizerScores,
            tokenizer.Scores is { } scores ? GgufValue.FromFloat32s(scores) : null);
        SetOrRemove(
            metadata,
            MetadataKeys.TokenizerMerges,
            tokenizer.Merges is { } merges ? GgufValue.FromStrings([.. merges]) : null);
        WriteIds(metadata, tokenizer, extraEosIds);
        WriteRules(metadata, tokenizer);
        SetOrRemove(
            metadata,
            MetadataKeys.ChatTemplate,
            tokenizer.ChatTemplate is { } template ? GgufValue.FromString(template) : null);
    }

    /// <summary>Sets moredge.eos_token_ids to <paramref name="ids"/>, ascending and without repetitions.</summary>
    internal static void WriteEosIds(GgufMetadata metadata, IEnumerable<int> ids)
    {
        SortedSet<int> ordered = [.. ids];
        ordered.RemoveWhere(id => id < 0);
        SetOrRemove(
            metadata, MetadataKeys.EosIds, ordered.Count > 0 ? GgufValue.FromInt32s([.. ordered]) : null);
    }

    private static void WriteIds(GgufMetadata metadata, TokenizerDefinition tokenizer, ReadOnlySpan<int> extraEosIds)
    {
        SetId(metadata, MetadataKeys.TokenizerBos, tokenizer.BosId);
        SetId(metadata, MetadataKeys.TokenizerEos, tokenizer.EosId);
        SetId(metadata, MetadataKeys.TokenizerEot, tokenizer.EndOfTurnId);
        SetId(metadata, MetadataKeys.TokenizerUnknown, tokenizer.UnknownId);
        SetId(metadata, MetadataKeys.TokenizerPadding, tokenizer.PaddingId);
        WriteEosIds(metadata, [tokenizer.EosId, tokenizer.EndOfTurnId, .. tokenizer.EosIds, .. extraEosIds]);
    }

    private static void WriteRules(GgufMetadata metadata, TokenizerDefinition tokenizer)
    {
        string scope = tokenizer.PrefixScope == SpacePrefixScope.FirstSegment ? "first" : "every";
        SetFlag(metadata, MetadataKeys.TokenizerAddBos, tokenizer.AddBos);
        SetFlag(metadata, MetadataKeys.TokenizerAddEos, tokenizer.AddEos);
        SetFlag(metadata, MetadataKeys.TokenizerAddSpacePrefix, tokenizer.AddSpacePrefix);
        SetFlag(metadata, MetadataKeys.TokenizerRemoveExtraWhitespaces, tokenizer.RemoveExtraWhitespaces);
        SetText(metadata, MetadataKeys.TokenizerPrefixScope, scope);
        SetFlag(metadata, MetadataKeys.TokenizerPrefixOnlyIfMissing, tokenizer.PrefixOnlyIfMissing);
        SetFlag(metadata, MetadataKeys.TokenizerNormalizeNfc, tokenizer.NormalizeNfc);
        SetFlag(metadata, MetadataKeys.TokenizerIgnoreMerges, tokenizer.IgnoreMerges);
        SetFlag(metadata, MetadataKeys.TokenizerFuseUnknown, tokenizer.FuseUnknown);
        SetIds(metadata, MetadataKeys.TokenizerLeftStripIds, tokenizer.LeftStripIds);
        SetIds(metadata, MetadataKeys.TokenizerRightStripIds, tokenizer.RightStripIds);
        SetIds(metadata, MetadataKeys.TokenizerNormalizedIds, tokenizer.NormalizedIds);
    }

    private static void SetText(GgufMetadata metadata, string key, string text) =>
        metadata.Set(key, GgufValue.FromString(text));

    private static void SetFlag(GgufMetadata metadata, string key, bool value) =>
        metadata.Set(key, GgufValue.FromBoolean(value));

    private static void SetId(GgufMetadata metadata, string key, int id) =>
        SetOrRemove(metadata, key, id >= 0 ? GgufValue.FromUInt32((uint)id) : null);

    private static void SetIds(GgufMetadata metadata, string key, IReadOnlyList<int> ids) =>
        SetOrRemove(metadata, key, ids.Count > 0 ? GgufValue.FromInt32s([.. ids]) : null);

    private static void SetOrRemove(GgufMetadata metadata, string key, GgufValue? value)
    {
        if (value is null)
        {
            metadata.Remove(key);
        }
        else
        {
            metadata.Set(key, value);
        }
    }
}
