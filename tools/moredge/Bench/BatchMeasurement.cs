using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>
/// Measures every number of sequences with every thread count in turn, as <see cref="BenchRun"/> does.
/// </summary>
internal sealed class BatchMeasurement(BenchPlan plan, CancellationToken cancellation)
{
    /// <summary>A row per thread count and number of sequences.</summary>
    public List<BatchResult> Results { get; } = [];

    /// <summary>Measures.</summary>
    /// <param name="file">The model.</param>
    /// <param name="options">The options of a sequence for a number of tokens.</param>
    /// <param name="progress">Told (done, total).</param>
    /// <exception cref="ArgumentException">An option does not fit the model or is not for batches.</exception>
    public void Run(GgufFile file, Func<int, SequenceOptions> options, Action<double, double> progress)
    {
        List<BatchLane> lanes = [];
        try
        {
            foreach (int threads in plan.Threads)
            {
                lanes.Add(new BatchLane(plan, file, options, threads, cancellation));
                Results.AddRange(Array.ConvertAll(plan.Sequences, count => new BatchResult(threads, count)));
            }

            int steps = plan.Repetitions * Results.Count;
            for (int step = 0; step < steps; step++)
            {
                BatchResult row = Results[step % Results.Count];
                lanes.Find(lane => lane.Threads == row.Threads)!.Measure(row);
                BatchResult first = Results.Find(
                    other => other.Threads == row.Threads && other.Sequences == plan.Sequences[0])!;
                if (row != first)
                {
                    row.AgainstFirstSequences.Add(row.Speed.Last / first.Speed.Last);
                }

                progress(step + 1, steps);
            }
        }
        finally
        {
            lanes.ForEach(lane => lane.Dispose());
        }
    }
}
