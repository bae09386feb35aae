using System.Diagnostics;
using MoREdge.Model;

namespace MoREdge.Inference;

/// <summary>Measures one answer; its clock starts when it is made.</summary>
/// <param name="network">The network.</param>
/// <param name="depths">Depths of the text; null for one that never began.</param>
/// <param name="policy">Which keys and values are computed.</param>
internal sealed class AnswerMeter(
    DecoderModel network, DepthStatistics? depths, KvPolicy policy = KvPolicy.RecursionWise)
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _promptEnd;
    private int _promptTokens;
    private int _decodedTokens;
    private long[]? _promptDepths;

    private ReadOnlySpan<long> Depths =>
        depths is null ? new long[network.Config.DepthCount + 1] : depths.Histogram;

    /// <summary>The logits behind the prompt are there.</summary>
    /// <param name="tokens">Prompt tokens that were computed.</param>
    public void EndPrompt(int tokens)
    {
        _promptTokens = tokens;
        _promptEnd = Stopwatch.GetTimestamp();
        _promptDepths = Depths.ToArray();
    }

    /// <summary>A token was fed back.</summary>
    public void CountDecoded() => _decodedTokens++;

    /// <summary>What the answer cost up to now.</summary>
    /// <param name="reason">Why it ended.</param>
    /// <param name="generated">Tokens chosen.</param>
    /// <param name="kvBytes">Keys and values stored.</param>
    public GenerationStats Stats(StopReason reason, int generated, long kvBytes)
    {
        ReadOnlySpan<long> all = Depths;
        bool hasPrompt = _promptDepths is not null;
        long recursions = 0;
        long tokens = 0;
        for (int depth = 0; depth < all.Length && hasPrompt; depth++)
        {
            long decoded = all[depth] - _promptDepths![depth];
            recursions += depth * decoded;
            tokens += decoded;
        }

        double decodeDepth = tokens == 0 ? 0 : (double)recursions / tokens;
        return new GenerationStats
        {
            StopReason = reason,
            PromptTokens = hasPrompt ? _promptTokens : checked((int)(depths?.TokenCount ?? 0)),
            PromptSeconds = hasPrompt
                ? Stopwatch.GetElapsedTime(_start, _promptEnd).TotalSeconds
                : Stopwatch.GetElapsedTime(_start).TotalSeconds,
            GeneratedTokens = generated,
            DecodedTokens = _decodedTokens,
            DecodeSeconds = hasPrompt ? Stopwatch.GetElapsedTime(_promptEnd).TotalSeconds : 0,
            DepthHistogram = all.ToArray(),
            MeanDepth = depths?.Mean ?? 0,
            MeanDecodeDepth = decodeDepth,
            WeightBytesPerToken = network.WeightBytesPerToken(decodeDepth, policy),
            KvBytes = kvBytes,
        };
    }
}
