using System.Diagnostics;
using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>
/// A model with one thread count, and for every KV policy a sequence per context length, filled once: then every
/// repetition can measure each of them in turn.
/// </summary>
internal sealed class BenchLane : IDisposable
{
    private const int WarmUpTokens = 8;

    private readonly BenchPlan _plan;
    private readonly int[] _ids;
    private readonly DecoderModel _model;
    private readonly RouterPass? _routers;
    private readonly Dictionary<BenchSetting, Sequence> _prompts = [];
    private readonly Dictionary<BenchSetting, Sequence> _filled = [];

    /// <summary>
    /// For each filled sequence, the part of its tokens that reached each recursion, or more than so many of the layers
    /// that they can skip.
    /// </summary>
    private readonly Dictionary<Sequence, double[]> _reached = [];
    private readonly BenchProgress _progress;
    private readonly CancellationToken _cancellation;

    /// <summary>Makes and warms up everything; filling the contexts may take a while.</summary>
    /// <param name="plan">What will be measured.</param>
    /// <param name="file">The model.</param>
    /// <param name="options">The options of a sequence for a number of tokens and a KV policy.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="progress">Told of every token of the warm-up.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">An option does not fit the model.</exception>
    public BenchLane(
        BenchPlan plan,
        GgufFile file,
        Func<int, KvPolicy?, SequenceOptions> options,
        int threads,
        BenchProgress progress,
        CancellationToken cancellation)
    {
        _plan = plan;
        _progress = progress;
        _cancellation = cancellation;
        _model = DecoderModel.Load(file, ModelOptions.Kernels(), threads);
        bool isComplete = false;
        try
        {
            _ids = RandomIds(plan.InputTokensMax, _model.Config.VocabSize);
            _routers = _model.CreateRouterPass();
            foreach (KvPolicy? policy in plan.KvPolicies)
            {
                Add(policy, tokens => options(tokens, policy));
            }

            isComplete = true;
        }
        finally
        {
            if (!isComplete)
            {
                Dispose();
            }
        }
    }

    /// <summary>Tokens that a lane computes before it measures.</summary>
    public static long WarmUpTokensOf(BenchPlan plan)
    {
        long tokens = Math.Min(WarmUpTokens, plan.PromptTokens);
        foreach (int filled in plan.Filled)
        {
            tokens += filled + Math.Min(WarmUpTokens, plan.DecodeTokens);
        }

        return tokens * plan.KvPolicies.Length;
    }

    /// <summary>Worker threads.</summary>
    public int Threads => _model.ThreadCount;

    /// <summary>Runs the prompt and notes the measured speed in <paramref name="row"/>.</summary>
    public void Prefill(PrefillResult row)
    {
        Sequence sequence = Start(_prompts, row);
        long start = Stopwatch.GetTimestamp();
        sequence.Prefill(_ids.AsSpan(0, _plan.PromptTokens), cancellation: _cancellation);
        double speed = _plan.PromptTokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
        row.MeanDepth = sequence.Depths.Mean;
        row.MultiplyAddsPerToken =
            _model.PrefillMultiplyAdds(_plan.PromptTokens, row.MeanDepth, sequence.KvPolicy) / _plan.PromptTokens;
        row.Speed.Add(speed);
        row.Operations.Add(2 * row.MultiplyAddsPerToken * speed);
    }

    /// <summary>Decodes behind a context and notes the measured speed in <paramref name="row"/>.</summary>
    public void Decode(DecodeResult row)
    {
        Sequence sequence = Start(_filled, row);
        long? faults = Machine.MajorFaults;
        long start = Stopwatch.GetTimestamp();
        Decode(sequence, _plan.DecodeTokens);
        double speed = _plan.DecodeTokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
        row.MajorFaults = Machine.MajorFaults - faults + (row.MajorFaults ?? 0);
        row.MeanDepth = sequence.Depths.Mean;
        row.WeightBytes = _model.WeightBytesPerToken(row.MeanDepth, sequence.KvPolicy);
        row.KvBytes = KvBytes(sequence, row.Setting.Filled);
        row.KvBytesKept = (double)sequence.KvBytesUsed / sequence.Position;
        row.Speed.Add(speed);
        if (_routers is not null)
        {
            row.RouterShare.Add(speed * RouterSeconds(_routers, Start(_filled, row)));
        }
    }

    public void Dispose()
    {
        foreach (Sequence sequence in _prompts.Values)
        {
            sequence.Dispose();
        }

        foreach (Sequence sequence in _filled.Values)
        {
            sequence.Dispose();
        }

        _routers?.Dispose();
        _model.Dispose();
    }

    private static int[] RandomIds(int count, int vocabSize)
    {
        Random random = new(1);
        int[] ids = new int[count];
        for (int i = 0; i < count; i++)
        {
            ids[i] = random.Next(vocabSize);
        }

        return ids;
    }

    private void Add(KvPolicy? policy, Func<int, SequenceOptions> options)
    {
        Sequence prompt = _model.CreateSequence(options(_plan.PromptTokens));
        _prompts.Add(new BenchSetting(Threads, policy, 0, null), prompt);
        WarmUp(prompt, Math.Min(WarmUpTokens, _plan.PromptTokens));
        foreach (int filled in _plan.Filled)
        {
            Sequence sequence = _model.CreateSequence(options(filled + _plan.DecodeTokens));
            _filled.Add(new BenchSetting(Threads, policy, filled, null), sequence);
            Fill(sequence, filled);
        }
    }

    private void Fill(Sequence sequence, int count)
    {
        if (count > 0)
        {
            WarmUp(sequence, count);
        }

        // Every repetition comes back to here.
        sequence.Mark();
        _reached.Add(sequence, Reached(sequence.Depths));
        int decoded = Math.Min(WarmUpTokens, _plan.DecodeTokens);
        Decode(sequence, decoded);
        _progress.Advance(decoded);
    }

    private void WarmUp(Sequence sequence, int count)
    {
        int told = 0;
        sequence.Prefill(
            _ids.AsSpan(0, count),
            done =>
            {
                _progress.Advance(done - told);
                told = done;
            },
            _cancellation);
    }

    /// <summary>The sequence of a row, cut back to its context, with its depth cap and nothing counted.</summary>
    private static Sequence Start(Dictionary<BenchSetting, Sequence> sequences, BenchRow row)
    {
        Sequence sequence = sequences[row.Setting with { DepthMax = null }];
        sequence.Truncate(row.Setting.Filled);
        if (row.Setting.DepthMax is { } depthMax)
        {
            sequence.DepthMax = depthMax;
        }

        sequence.Depths.Clear();
        return sequence;
    }

    private void Decode(Sequence sequence, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _cancellation.ThrowIfCancellationRequested();
            sequence.Decode(_ids[i % _ids.Length]);
        }
    }

    /// <summary>
    /// The routers of one token, each time behind a token, whose weights have driven those of the routers out of the
    /// caches as they do in earnest.
    /// </summary>
    private double RouterSeconds(RouterPass routers, Sequence sequence)
    {
        Samples seconds = new();
        for (int i = 0; i < Math.Min(WarmUpTokens, _plan.DecodeTokens); i++)
        {
            Decode(sequence, 1);
            long start = Stopwatch.GetTimestamp();
            routers.Run(sequence.DepthMax);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return seconds.Median;
    }

    /// <summary>
    /// Each layer call reads the keys and values that its slot holds: of every token before it, or where recursions
    /// keep their own, of those that reached its recursion (in looped models the others left a copy there), and where
    /// tokens skip layers, of those that did not; with a window the latest of them. Here the mean over the decoded
    /// tokens. A state of retention is read and written, whatever came before.
    /// </summary>
    private double KvBytes(Sequence sequence, int filled)
    {
        if (sequence.StateBytes > 0)
        {
            return 2.0 * sequence.StateBytes;
        }

        LayerSchedule schedule = new(_model.Config, sequence.KvPolicy);
        double[] decoded = Reached(sequence.Depths);
        double decodedTokens = (_plan.DecodeTokens + 1) / 2.0;
        double tokens = Seen(schedule.Prefix, filled, 1, 1) + Seen(schedule.Suffix, filled, 1, 1);
        if (_model.Config.Skips is { SkipsAttention: true, SkippedKeys: SkippedKeys.Absent } skips)
        {
            // A routed layer holds the tokens that ran it, for those that run it.
            double share = sequence.Depths.Mean / skips.RoutedCount, before = Mean(_reached[sequence]);
            tokens -= skips.RoutedCount
                * ((filled * (1 - (share * before))) + (decodedTokens * (1 - (share * share))));
        }

        bool holdsAll = sequence.KvPolicy != KvPolicy.RecursionWise
            || _model.Config.Recursion?.KeepsLatestKeys == true;
        for (int r = 0; r < schedule.Loop.Length; r++)
        {
            tokens += decoded[r] * (holdsAll
                ? Seen(schedule.Loop[r], filled, 1, 1)
                : Seen(schedule.Loop[r], filled, _reached[sequence][r], decoded[r]));
        }

        return tokens * sequence.KvBytesPerSlotToken;
    }

    /// <summary>Tokens that layers see together, on average over the decoded ones.</summary>
    /// <param name="calls">The layers.</param>
    /// <param name="filled">Tokens in the context before the decoded ones.</param>
    /// <param name="filledShare">The part of those that the layers hold.</param>
    /// <param name="decodedShare">The part of the decoded ones.</param>
    private double Seen(LayerCall[] calls, int filled, double filledShare, double decodedShare)
    {
        double tokens = 0;
        foreach (LayerCall call in calls)
        {
            int window = _model.Config.Block(call.Block).Window is var limit and > 0 ? limit : int.MaxValue;
            for (int decoded = 1; decoded <= _plan.DecodeTokens; decoded++)
            {
                int ofDecoded = Math.Min(decoded, window);
                int ofFilled = Math.Min(filled + decoded, window) - ofDecoded;
                tokens += (ofFilled * filledShare) + (ofDecoded * decodedShare);
            }
        }

        return tokens / _plan.DecodeTokens;
    }

    private static double Mean(double[] values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    /// <summary>
    /// The part of the tokens that ran recursion r, or more than r layers that they can skip, for every r.
    /// </summary>
    private static double[] Reached(DepthStatistics depths)
    {
        double[] reached = new double[depths.Histogram.Length - 1];
        long count = 0;
        for (int r = reached.Length - 1; r >= 0; r--)
        {
            count += depths.Histogram[r + 1];
            reached[r] = depths.TokenCount == 0 ? 0 : (double)count / depths.TokenCount;
        }

        return reached;
    }
}
