using System.Diagnostics;
using MoREdge.Tokenization;

namespace MoREdge.Inference;

/// <summary>The decode loop of one generation: choose, check the stops, show, feed back.</summary>
internal sealed class Answer(
    GenerationSession session, GenerationOptions options, TokenStream stream, Action<string> onText)
{
    private readonly StopStrings _stops = new(options.StopStrings);
    private int _generated;
    private int _decoded;

    /// <summary>Generates until something ends it.</summary>
    /// <param name="logits">Logits behind the prompt (VocabSize).</param>
    /// <param name="promptTokens">Prompt tokens that were computed.</param>
    /// <param name="promptSeconds">Seconds they took.</param>
    /// <param name="cancellation">Ends the answer.</param>
    public GenerationStats Run(
        ReadOnlySpan<float> logits, int promptTokens, double promptSeconds, CancellationToken cancellation)
    {
        long[] promptDepths = session.Sequence.Depths.Histogram.ToArray();
        long start = Stopwatch.GetTimestamp();
        StopReason? reason = options.TokenLimit == 0 ? StopReason.TokenLimit : null;
        while (reason is null)
        {
            int id = session.Choose(logits);
            _generated++;
            reason = ReasonToStop(id, cancellation);
            if (reason is null)
            {
                logits = session.Decode(id);
                _decoded++;
            }
        }

        Show(stream.Flush());
        onText(_stops.Flush());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return Stats(reason.Value, promptTokens, promptSeconds, seconds, promptDepths);
    }

    /// <summary>The statistics of a generation that was cancelled before its first token.</summary>
    public GenerationStats Cancelled(double promptSeconds) =>
        Stats(StopReason.Cancelled, 0, promptSeconds, 0, session.Sequence.Depths.Histogram.ToArray());

    private StopReason? ReasonToStop(int id, CancellationToken cancellation)
    {
        if (session.IsEnd(id) && !options.IgnoreEndOfSequence)
        {
            return StopReason.EndOfSequence;
        }

        Show(stream.Append(id));
        return _stops.IsHit ? StopReason.StopString
            : _generated >= options.TokenLimit ? StopReason.TokenLimit
            : session.Sequence.Position >= session.Sequence.ContextLength ? StopReason.ContextFull
            : cancellation.IsCancellationRequested ? StopReason.Cancelled
            : null;
    }

    private void Show(string text)
    {
        string shown = _stops.Push(text);
        if (shown.Length > 0)
        {
            onText(shown);
        }
    }

    private GenerationStats Stats(
        StopReason reason, int promptTokens, double promptSeconds, double decodeSeconds, long[] promptDepths)
    {
        ReadOnlySpan<long> all = session.Sequence.Depths.Histogram;
        long recursions = 0;
        long tokens = 0;
        for (int depth = 0; depth < all.Length; depth++)
        {
            recursions += depth * (all[depth] - promptDepths[depth]);
            tokens += all[depth] - promptDepths[depth];
        }

        double decodeDepth = tokens == 0 ? 0 : (double)recursions / tokens;
        return new GenerationStats
        {
            StopReason = reason,
            PromptTokens = promptTokens,
            PromptSeconds = promptSeconds,
            GeneratedTokens = _generated,
            DecodedTokens = _decoded,
            DecodeSeconds = decodeSeconds,
            DepthHistogram = all.ToArray(),
            MeanDepth = session.Sequence.Depths.Mean,
            MeanDecodeDepth = decodeDepth,
            WeightBytesPerToken = session.WeightBytesPerToken(decodeDepth),
            KvBytes = session.Sequence.KvBytesUsed,
        };
    }
}
