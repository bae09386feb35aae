using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>
/// Measures every number of sequences with every thread count in turn, as <see cref="BenchRun"/> does.
/// </summary>
internal sealed class BatchMeasurement(BenchPlan plan, CancellationToken cancellation)
{
    /// <summary>A row per thread count, number of sequences, KV policy and way to draft.</summary>
    public List<BatchResult> Results { get; } = [];

    /// <summary>Measures.</summary>
    /// <param name="file">The model.</param>
    /// <param name="options">The options of a sequence for a number of tokens and a KV policy.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="ArgumentException">An option does not fit the model or is not for batches.</exception>
    public void Run(
        GgufFile file, Func<int, KvPolicy?, SequenceOptions> options, BenchProgress progress)
    {
        List<BatchLane> lanes = [];
        try
        {
            progress.WarmUp(plan.Threads.Length * plan.KvPolicies.Length);
            foreach (int threads in plan.Threads)
            {
                lanes.Add(new BatchLane(plan, file, options, threads, progress, cancellation));
                foreach (int count in plan.Sequences)
                {
                    foreach (KvPolicy? policy in plan.KvPolicies)
                    {
                        Results.AddRange(
                            Array.ConvertAll(plan.Drafts, mode => new BatchResult(threads, policy, count, mode)));
                    }
                }
            }

            int steps = plan.Repetitions * Results.Count;
            progress.Measure(steps);
            for (int step = 0; step < steps; step++)
            {
                BatchResult row = Results[step % Results.Count];
                lanes.Find(lane => lane.Threads == row.Threads)!.Measure(row);
                AddRatio(row, row.AgainstFirstSequences, row.KvPolicy, plan.Sequences[0], row.Drafts);
                AddRatio(row, row.AgainstFirstPolicy, plan.KvPolicies[0], row.Sequences, row.Drafts);
                AddRatio(row, row.AgainstOff, row.KvPolicy, row.Sequences, DraftMode.Off);
                progress.Advance();
            }
        }
        finally
        {
            lanes.ForEach(lane => lane.Dispose());
        }
    }

    private void AddRatio(BatchResult row, Samples ratios, KvPolicy? policy, int sequences, DraftMode drafts)
    {
        BatchResult reference = Results.Find(
            other => other.Threads == row.Threads && other.KvPolicy == policy && other.Sequences == sequences
                && other.Drafts == drafts)!;
        if (reference != row)
        {
            ratios.Add(row.Speed.Last / reference.Speed.Last);
        }
    }
}
