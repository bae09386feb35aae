using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>
/// Measures every row once, then every row again, and so on: when the machine becomes faster or slower on the way, all
/// rows see it alike. Ratios are taken between neighbours in time, repetition by repetition, for the same reason.
/// </summary>
internal sealed class BenchRun(BenchPlan plan, BandwidthProbe probe, CancellationToken cancellation)
{
    /// <summary>Long enough for many passes of a small buffer, short against a decode.</summary>
    private const double ProbeSeconds = 0.2;

    /// <summary>A row per thread count.</summary>
    public List<PrefillResult> Prefill { get; } = [];

    /// <summary>A row per thread count, context length and depth cap.</summary>
    public List<DecodeResult> Decode { get; } = [];

    /// <summary>Measures.</summary>
    /// <param name="file">The model.</param>
    /// <param name="options">The options of a sequence for a number of tokens.</param>
    /// <param name="depthCaps">The depth caps to measure; null stands for no cap.</param>
    /// <param name="progress">Told (done, total).</param>
    /// <exception cref="ArgumentException">An option does not fit the model.</exception>
    public void Run(
        GgufFile file, Func<int, SequenceOptions> options, int?[] depthCaps, Action<double, double> progress)
    {
        List<BenchLane> lanes = [];
        try
        {
            // A lane is about as much work as a repetition of its rows: it fills the contexts.
            int steps = plan.Threads.Length * (1 + plan.Repetitions);
            foreach (int threads in plan.Threads)
            {
                lanes.Add(new BenchLane(plan, file, options, threads, cancellation));
                AddRows(threads, depthCaps);
                probe.Measure(threads, 0);
                progress(lanes.Count, steps);
            }

            for (int repetition = 0; repetition < plan.Repetitions; repetition++)
            {
                for (int i = 0; i < lanes.Count; i++)
                {
                    MeasurePrefill(lanes[i], Prefill[i]);
                    MeasureDecode(lanes[i]);
                    progress(((repetition + 1) * lanes.Count) + i + 1, steps);
                }
            }
        }
        finally
        {
            lanes.ForEach(lane => lane.Dispose());
        }
    }

    private void AddRows(int threads, int?[] depthCaps)
    {
        Prefill.Add(new PrefillResult(threads));
        foreach (int filled in plan.Filled)
        {
            foreach (int? depthCap in depthCaps)
            {
                Decode.Add(new DecodeResult(threads, filled, depthCap));
            }
        }
    }

    private void MeasurePrefill(BenchLane lane, PrefillResult row)
    {
        (double speed, double operations) = lane.Prefill();
        row.Speed.Add(speed);
        row.Operations.Add(operations);
        if (row != Prefill[0])
        {
            row.AgainstFirstThreads.Add(speed / Prefill[0].Speed.Last);
        }
    }

    private void MeasureDecode(BenchLane lane)
    {
        foreach (DecodeResult row in Decode.FindAll(row => row.Threads == lane.Threads))
        {
            double speed = lane.Decode(Array.IndexOf(plan.Filled, row.Filled), row);
            double bandwidth = probe.Measure(lane.Threads, ProbeSeconds);
            row.Speed.Add(speed);
            row.Bandwidth.Add(bandwidth);
            row.Share.Add(speed * (row.WeightBytes + row.KvBytes) / bandwidth);
            AddRatio(row, row.AgainstFirstThreads, plan.Threads[0], row.Filled);
            AddRatio(row, row.AgainstFirstFilled, row.Threads, plan.Filled[0]);
        }
    }

    private void AddRatio(DecodeResult row, Samples ratios, int threads, int filled)
    {
        DecodeResult reference = Decode.Find(
            other => other.Threads == threads && other.Filled == filled && other.DepthMax == row.DepthMax)!;
        if (reference != row)
        {
            ratios.Add(row.Speed.Last / reference.Speed.Last);
        }
    }
}
