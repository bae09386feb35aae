using MoREdge.Model;

namespace MoREdge.Inference;

/// <summary>
/// One text to continue in a batch. Receivers are called on the thread that runs the batch, which waits for them; they
/// may submit and cancel requests and dispose of the scheduler, but not run it. What a receiver throws ends its request
/// and no other.
/// </summary>
public sealed record BatchRequest
{
    /// <summary>Token ids of the prompt, at least one; not to be changed before the request has ended.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>Limits, stop strings and prompt progress.</summary>
    public GenerationOptions Options { get; init; } = new();

    /// <summary>How tokens are chosen; every request has a sampler of its own.</summary>
    public SamplerOptions Sampler { get; init; } = new();

    /// <summary>Caps the recursions of its tokens; as the batch when null.</summary>
    public int? DepthMax { get; init; }

    /// <summary>See <see cref="Model.Sequence.DraftOverride"/>: for benchmarks over random weights.</summary>
    public DraftOverride? DraftOverride { get; init; }

    /// <summary>True when the answer begins the text: a SentencePiece answer then drops its leading space.</summary>
    public bool StartsText { get; init; }

    /// <summary>Receives every chosen token, the end token included.</summary>
    public Action<int>? OnToken { get; init; }

    /// <summary>Receives the answer piece by piece, whole characters only.</summary>
    public Action<string>? OnText { get; init; }

    /// <summary>Ends the request; what has been shown of the answer stays valid.</summary>
    public CancellationToken Cancellation { get; init; }
}
