using MoREdge.Model.Caches;
using MoREdge.Tensors;

namespace MoREdge.Model.Speculation;

/// <summary>Decodes one text with drafts: ticks of its pipeline and nothing beside it.</summary>
internal sealed class SpeculativeDecoder
{
    private readonly FlightRunner _runner;
    private readonly Flight[] _flights;

    /// <summary>Takes every buffer.</summary>
    /// <param name="runner">Runs the tokens, in <see cref="TokenPipeline.RowsFor"/> rows or more.</param>
    /// <param name="cache">Keys and values of the text.</param>
    /// <param name="contextLength">Most tokens of the text.</param>
    /// <param name="config">The model.</param>
    public SpeculativeDecoder(FlightRunner runner, KvCache cache, int contextLength, ModelConfig config)
    {
        _runner = runner;
        _flights = new Flight[TokenPipeline.FlightsMax(config)];
        Pipeline = new TokenPipeline(runner, cache, config, contextLength);
        Pipeline.TakeRows(0);
    }

    /// <summary>The tokens under way.</summary>
    public TokenPipeline Pipeline { get; }

    /// <summary>The logits behind the token <paramref name="id"/> at <paramref name="position"/> (VocabSize).</summary>
    public ReadOnlySpan<float> Decode(int id, int position, int depthMax, DraftLevel level)
    {
        Pipeline.DraftsSecond = level == DraftLevel.Second;
        bool isReady = Pipeline.Ask(id, position, depthMax);
        while (!isReady)
        {
            Tick();
            isReady = Pipeline.IsReady;
        }

        return _runner.Workspace.Logits.Row(Pipeline.Take());
    }

    /// <summary>One pass over the block for every token in the loop, and drafts behind the latest one.</summary>
    private void Tick()
    {
        if (_runner.DraftHead is { } head && Pipeline.TakePair(head, 0))
        {
            Pipeline.DraftSecond(_runner.SecondDraftLogits(head, 1).Row(0));
        }

        _runner.Enter(_flights.AsSpan(0, Pipeline.Enter(_flights)));
        _runner.Recur(_flights.AsSpan(0, Pipeline.Recur(_flights)));
        _runner.Leave(_flights.AsSpan(0, Pipeline.Leave(_flights)));
        int rows = Pipeline.Gather(_runner.Workspace.Gathered, 0);
        if (rows == 0)
        {
            return;
        }

        int headRows = Pipeline.LeavingCount > 0 ? _runner.VocabSize : _runner.DraftRows;
        FloatMatrix logits = _runner.Logits(_runner.Workspace.Gathered.Slice(0, rows), headRows: headRows);
        Pipeline.Draft(logits, headRows);
    }
}
