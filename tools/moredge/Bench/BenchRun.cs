using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>
/// Measures every row once, then every row again, and so on: when the machine becomes faster or slower on the way, all
/// rows see it alike. Ratios are taken between neighbours in time, repetition by repetition, for the same reason.
/// </summary>
/// <param name="plan">What is measured.</param>
/// <param name="probe">Measures the read bandwidth; null to leave it out.</param>
/// <param name="cancellation">Stops the work.</param>
internal sealed class BenchRun(BenchPlan plan, BandwidthProbe? probe, CancellationToken cancellation)
{
    /// <summary>Long enough for many passes of a small buffer, short against a decode.</summary>
    private const double ProbeSeconds = 0.2;

    /// <summary>A row per thread count, KV policy and depth cap.</summary>
    public List<PrefillResult> Prefill { get; } = [];

    /// <summary>A row per thread count, KV policy, context length and depth cap.</summary>
    public List<DecodeResult> Decode { get; } = [];

    /// <summary>
    /// Bytes of the mapped model that everything together touched, in the pages that the system maps at a time; null
    /// where it does not say.
    /// </summary>
    public long? TouchedBytes { get; private set; }

    /// <summary>Measures.</summary>
    /// <param name="file">The model.</param>
    /// <param name="options">The options of a sequence for a number of tokens and a KV policy.</param>
    /// <param name="depthCaps">The depth caps to measure; null stands for no cap.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="ArgumentException">An option does not fit the model.</exception>
    public void Run(
        GgufFile file,
        Func<int, KvPolicy?, SequenceOptions> options,
        int?[] depthCaps,
        BenchProgress progress)
    {
        long? mapped = Machine.MappedFileBytes;
        List<BenchLane> lanes = [];
        try
        {
            progress.WarmUp((double)plan.Threads.Length * BenchLane.WarmUpTokensOf(plan));
            foreach (int threads in plan.Threads)
            {
                lanes.Add(new BenchLane(plan, file, options, threads, progress, cancellation));
                AddRows(threads, depthCaps);
                probe?.Measure(threads, 0);
            }

            progress.Measure((double)plan.Repetitions * (Prefill.Count + Decode.Count));
            for (int repetition = 0; repetition < plan.Repetitions; repetition++)
            {
                foreach (BenchLane lane in lanes)
                {
                    MeasurePrefill(lane, progress);
                    MeasureDecode(lane, progress);
                }
            }

            // Pages of the program itself that it touched meanwhile come along.
            TouchedBytes = Machine.MappedFileBytes is { } now && mapped is { } before
                ? Math.Clamp(now - before, 0, file.FileBytes)
                : null;
        }
        finally
        {
            lanes.ForEach(lane => lane.Dispose());
        }
    }

    private void AddRows(int threads, int?[] depthCaps)
    {
        foreach (int? depthCap in depthCaps)
        {
            foreach (KvPolicy? policy in plan.KvPolicies)
            {
                Prefill.Add(new PrefillResult(new BenchSetting(threads, policy, 0, depthCap)));
            }
        }

        foreach (int filled in plan.Filled)
        {
            foreach (int? depthCap in depthCaps)
            {
                // The policies side by side: they are compared, so they are neighbours in time.
                foreach (KvPolicy? policy in plan.KvPolicies)
                {
                    Decode.Add(new DecodeResult(new BenchSetting(threads, policy, filled, depthCap)));
                }
            }
        }
    }

    private void MeasurePrefill(BenchLane lane, BenchProgress progress)
    {
        foreach (PrefillResult row in Prefill.FindAll(row => row.Setting.Threads == lane.Threads))
        {
            lane.Prefill(row);
            AddRatios(Prefill, row);
            progress.Advance();
        }
    }

    private void MeasureDecode(BenchLane lane, BenchProgress progress)
    {
        foreach (DecodeResult row in Decode.FindAll(row => row.Setting.Threads == lane.Threads))
        {
            lane.Decode(row);
            if (probe is not null)
            {
                double bandwidth = probe.Measure(lane.Threads, ProbeSeconds);
                row.Bandwidth.Add(bandwidth);
                row.Share.Add(row.Speed.Last * row.WorkPerToken / bandwidth);
            }

            AddRatios(Decode, row);
            AddRatio(Decode, row, row.AgainstFirstFilled, row.Setting with { Filled = plan.Filled[0] });
            progress.Advance();
        }
    }

    private void AddRatios<T>(List<T> rows, T row)
        where T : BenchRow
    {
        AddRatio(rows, row, row.AgainstFirstThreads, row.Setting with { Threads = plan.Threads[0] });
        AddRatio(rows, row, row.AgainstFirstPolicy, row.Setting with { KvPolicy = plan.KvPolicies[0] });
    }

    private static void AddRatio<T>(List<T> rows, T row, Samples ratios, BenchSetting reference)
        where T : BenchRow
    {
        if (reference != row.Setting)
        {
            ratios.Add(row.Speed.Last / rows.Find(other => other.Setting == reference)!.Speed.Last);
        }
    }
}
