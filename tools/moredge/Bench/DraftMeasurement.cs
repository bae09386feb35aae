using System.Diagnostics;
using MoREdge.Inference;
using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>Measures decoding with drafts and without, with every thread count in turn.</summary>
/// <param name="plan">
/// What is measured: drafts with rates on random text, the model's own on text that it writes itself, the likeliest
/// token always, behind the report text of its file.
/// </param>
/// <param name="cancellation">Stops the work.</param>
internal sealed class DraftMeasurement(BenchPlan plan, CancellationToken cancellation)
{
    private const int PromptSeed = 1;

    /// <summary>A row per thread count and way to decode.</summary>
    public List<DraftResult> Results { get; } = [];

    /// <summary>Measures.</summary>
    /// <param name="file">The model.</param>
    /// <param name="options">The options of a sequence for a number of tokens.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="ArgumentException">An option does not fit the model, or it cannot draft.</exception>
    public void Run(GgufFile file, Func<int, SequenceOptions> options, BenchProgress progress)
    {
        List<DecoderModel> models = [];
        List<Lane> lanes = [];
        try
        {
            progress.WarmUp(plan.Threads.Length * plan.Drafts.Length);
            foreach (int threads in plan.Threads)
            {
                DecoderModel model = DecoderModel.Load(file, ModelOptions.Kernels(), threads);
                models.Add(model);
                int[] text = Text(file, model);
                foreach (DraftMode mode in plan.Drafts)
                {
                    DraftResult row = new(threads, mode);
                    Results.Add(row);
                    lanes.Add(new Lane(row, model, options(text.Length) with { Speculation = mode.Mode }, text));
                    lanes[^1].Measure(plan.PromptTokens, plan.HasOwnDrafts, cancellation);
                    progress.Advance();
                }
            }

            int steps = plan.Repetitions * lanes.Count;
            progress.Measure(steps);
            for (int step = 0; step < steps; step++)
            {
                Lane lane = lanes[step % lanes.Count];
                Add(lane, lane.Measure(plan.PromptTokens, plan.HasOwnDrafts, cancellation));
                progress.Advance();
            }
        }
        finally
        {
            lanes.ForEach(lane => lane.Dispose());
            models.ForEach(model => model.Dispose());
        }
    }

    private void Add(Lane lane, double speed)
    {
        DraftResult row = lane.Row;
        row.Speed.Add(speed);
        DraftResult off = Results.Find(other => other.Threads == row.Threads && other.Drafts == DraftMode.Off)!;
        if (row != off)
        {
            row.AgainstOff.Add(speed / off.Speed.Last);
        }
    }

    /// <summary>
    /// Prompt and as many tokens again as are decoded: random ones, but for a report text as the prompt.
    /// </summary>
    private int[] Text(GgufFile file, DecoderModel model)
    {
        int[] text = BenchText.Random(plan.PromptTokens + plan.DecodeTokens, model, PromptSeed);
        if (plan.HasOwnDrafts)
        {
            BenchText.Report(file, plan.PromptTokens, model, index: 0).CopyTo(text, 0);
        }

        return text;
    }

    /// <summary>One way to decode, with a sequence of its own.</summary>
    private sealed class Lane : IDisposable
    {
        private readonly Sampler _sampler;
        private readonly Sequence _sequence;
        private readonly int[] _text;

        public Lane(DraftResult row, DecoderModel model, SequenceOptions options, int[] text)
        {
            Row = row;
            _sampler = new Sampler(new SamplerOptions { Temperature = 0 }, model.Config.VocabSize);
            _text = text;
            _sequence = model.CreateSequence(options);
            _sequence.DraftOverride =
                row.Drafts.Override(position => text[position], model.Config.VocabSize, PromptSeed);
        }

        public DraftResult Row { get; }

        /// <summary>Decodes behind the prompt and returns tokens per second; the first call is the warm-up.</summary>
        public double Measure(int promptTokens, bool ownText, CancellationToken cancellation)
        {
            int kept = Math.Min(_sequence.Position, promptTokens - 1);
            _sequence.Truncate(kept);
            ReadOnlySpan<float> logits = _sequence.Prefill(
                _text.AsSpan(kept, promptTokens - kept), cancellation: cancellation);
            _sequence.Depths.Clear();
            SpeculationStatistics before = _sequence.Speculation;
            long start = Stopwatch.GetTimestamp();
            for (int position = promptTokens; position < _text.Length; position++)
            {
                cancellation.ThrowIfCancellationRequested();
                logits = _sequence.Decode(ownText ? _sampler.Choose(logits) : _text[position]);
            }

            double speed = (_text.Length - promptTokens) / Stopwatch.GetElapsedTime(start).TotalSeconds;
            Row.Fared = _sequence.Speculation.Since(before);
            Row.MeanDepth = _sequence.Depths.Mean;
            return speed;
        }

        public void Dispose() => _sequence.Dispose();
    }
}
