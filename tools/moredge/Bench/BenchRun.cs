using System.Diagnostics;
using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>What is measured.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="DecodeTokens">Tokens decoded behind it.</param>
/// <param name="Repetitions">How often.</param>
internal sealed record BenchPlan(int PromptTokens, int DecodeTokens, int Repetitions);

/// <summary>Decode speed at one depth cap.</summary>
/// <param name="Depth">The cap.</param>
/// <param name="TokensPerSecond">Repetitions.</param>
/// <param name="WeightBytes">Weight bytes per token.</param>
internal sealed record DepthResult(int Depth, Samples TokensPerSecond, double WeightBytes);

/// <summary>The figures of one thread count.</summary>
internal sealed class BenchResult
{
    public required int Threads { get; init; }

    /// <summary>Prompt tokens per second.</summary>
    public Samples Prefill { get; } = new();

    /// <summary>Decoded tokens per second.</summary>
    public Samples Decode { get; } = new();

    /// <summary>Bytes per second that the probe read right after each decode.</summary>
    public Samples Bandwidth { get; } = new();

    /// <summary>Bytes per second of the decode, as a fraction of the probe's.</summary>
    public Samples Share { get; } = new();

    /// <summary>Weight bytes that a decoded token reads.</summary>
    public double WeightBytes { get; set; }

    /// <summary>Key and value bytes that a decoded token reads, on average.</summary>
    public double KvBytes { get; set; }

    /// <summary>Mean recursions of the decoded tokens.</summary>
    public double MeanDepth { get; set; }

    /// <summary>Decode speed by depth cap; empty for a model without recursion.</summary>
    public List<DepthResult> Depths { get; } = [];
}

/// <summary>Measures one model with one thread count.</summary>
internal sealed class BenchRun(BenchPlan plan, BandwidthProbe probe, Action step, CancellationToken cancellation)
{
    /// <summary>Long enough for many passes of a small buffer, short against a decode.</summary>
    private const double ProbeSeconds = 0.2;

    private const int WarmUpTokens = 8;

    /// <summary>Runs all repetitions.</summary>
    /// <param name="file">The model.</param>
    /// <param name="options">How it is run.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="withDepths">Also measure the decode at each depth cap.</param>
    public BenchResult Run(GgufFile file, SequenceOptions options, int threads, bool withDepths)
    {
        using DecoderModel model = DecoderModel.Load(file, ModelOptions.Kernels(), threads);
        using Sequence sequence = model.CreateSequence(options);
        int[] prompt = Tokens(plan.PromptTokens, model.Config.VocabSize);
        BenchResult result = new() { Threads = threads };
        sequence.Prefill(prompt.AsSpan(0, Math.Min(prompt.Length, WarmUpTokens)), cancellation: cancellation);
        Decode(sequence, prompt, Math.Min(WarmUpTokens, plan.DecodeTokens));
        probe.Measure(threads, 0);
        for (int i = 0; i < plan.Repetitions; i++)
        {
            sequence.Truncate(0);
            result.Prefill.Add(prompt.Length / Seconds(() => sequence.Prefill(prompt, cancellation: cancellation)));
            step();
            sequence.Depths.Clear();
            double speed = plan.DecodeTokens / Seconds(() => Decode(sequence, prompt, plan.DecodeTokens));
            result.MeanDepth = sequence.Depths.Mean;
            result.WeightBytes = model.WeightBytesPerToken(result.MeanDepth);
            result.KvBytes = KvBytes(model.Config, sequence, result.MeanDepth);
            double bandwidth = probe.Measure(threads, ProbeSeconds);
            result.Decode.Add(speed);
            result.Bandwidth.Add(bandwidth);
            result.Share.Add(speed * (result.WeightBytes + result.KvBytes) / bandwidth);
            step();
        }

        for (int depth = 1; withDepths && depth <= model.Config.RecursionCount; depth++)
        {
            result.Depths.Add(RunDepth(model, options, depth, prompt));
        }

        return result;
    }

    private DepthResult RunDepth(DecoderModel model, SequenceOptions options, int depth, int[] prompt)
    {
        using Sequence sequence = model.CreateSequence(new SequenceOptions
        {
            ContextLength = options.ContextLength,
            KvFormat = options.KvFormat,
            KvPolicy = options.KvPolicy,
            Routing = options.Routing,
            HybridPositionZero = options.HybridPositionZero,
            DepthMax = depth,
        });
        sequence.Prefill(prompt, cancellation: cancellation);
        sequence.Depths.Clear();
        Samples speed = new();
        for (int i = 0; i < plan.Repetitions; i++)
        {
            sequence.Truncate(prompt.Length);
            speed.Add(plan.DecodeTokens / Seconds(() => Decode(sequence, prompt, plan.DecodeTokens)));
            step();
        }

        return new DepthResult(depth, speed, model.WeightBytesPerToken(sequence.Depths.Mean));
    }

    private void Decode(Sequence sequence, int[] ids, int count)
    {
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            sequence.Decode(ids[i % ids.Length]);
        }
    }

    /// <summary>
    /// Each layer call reads the keys and values of every token before it: here the mean over the decoded tokens.
    /// </summary>
    private double KvBytes(ModelConfig config, Sequence sequence, double depth)
    {
        LayerSchedule schedule = new(config, sequence.KvPolicy);
        double calls = schedule.Prefix.Length + schedule.Suffix.Length;
        for (int r = 0; r < schedule.Loop.Length; r++)
        {
            calls += schedule.Loop[r].Length * Math.Clamp(depth - r, 0, 1);
        }

        double positions = plan.PromptTokens + ((plan.DecodeTokens + 1) / 2.0);
        return calls * positions * sequence.KvBytesPerSlotToken;
    }

    private static double Seconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static int[] Tokens(int count, int vocabSize)
    {
        Random random = new(1);
        int[] ids = new int[count];
        for (int i = 0; i < count; i++)
        {
            ids[i] = random.Next(vocabSize);
        }

        return ids;
    }
}
