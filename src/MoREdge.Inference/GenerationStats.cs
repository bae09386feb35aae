using MoREdge.Model;

namespace MoREdge.Inference;

/// <summary>What one generation cost.</summary>
public sealed record GenerationStats
{
    /// <summary>Why it ended.</summary>
    public required StopReason StopReason { get; init; }

    /// <summary>
    /// Prompt tokens that were computed, also those of a prompt that was cancelled halfway; tokens already in the cache
    /// are not counted.
    /// </summary>
    public required int PromptTokens { get; init; }

    /// <summary>Seconds from the start to the first logits.</summary>
    public required double PromptSeconds { get; init; }

    /// <summary>Generated tokens, the end token included.</summary>
    public required int GeneratedTokens { get; init; }

    /// <summary>
    /// Tokens that were fed back and computed: one fewer than generated, unless the generation was cut.
    /// </summary>
    public required int DecodedTokens { get; init; }

    /// <summary>Seconds spent decoding.</summary>
    public required double DecodeSeconds { get; init; }

    /// <summary>Tokens by recursions run, prompt and answer, index 0 … N.</summary>
    public required long[] DepthHistogram { get; init; }

    /// <summary>Mean recursions per token of prompt and answer.</summary>
    public required double MeanDepth { get; init; }

    /// <summary>Mean recursions per decoded token; 0 when none was decoded.</summary>
    public required double MeanDecodeDepth { get; init; }

    /// <summary>How drafts fared; zeros where nothing was drafted.</summary>
    public SpeculationStatistics Speculation { get; init; }

    /// <summary>Weight bytes that a decoded token read, on average.</summary>
    public required double WeightBytesPerToken { get; init; }

    /// <summary>Bytes of keys and values stored at the end.</summary>
    public required long KvBytes { get; init; }

    /// <summary>Prompt tokens per second; 0 when none was computed.</summary>
    public double PromptTokensPerSecond => PromptSeconds > 0 ? PromptTokens / PromptSeconds : 0;

    /// <summary>Decoded tokens per second; 0 when none was decoded.</summary>
    public double DecodeTokensPerSecond => DecodeSeconds > 0 ? DecodedTokens / DecodeSeconds : 0;
}
