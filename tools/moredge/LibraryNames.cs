using MoREdge.Checkpoints;
using MoREdge.Inference;
using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>
/// The libraries' sentences name what their callers set. Whoever uses this program sets it by an option or a verb.
/// </summary>
internal static class LibraryNames
{
    private static readonly (string Name, string Here)[] Names =
    [
        ($"{nameof(CheckpointOptions)}.{nameof(CheckpointOptions.TokenizerPath)}", "--tokenizer"),
        ($"{nameof(CheckpointOptions)}.{nameof(CheckpointOptions.MorConfigPath)}", "--mor-config"),
        ($"{nameof(SequenceOptions)}.{nameof(SequenceOptions.ContextLength)}", "--context"),
        ($"{nameof(GenerationSession)}.{nameof(GenerationSession.Generate)}", "'moredge generate'"),
    ];

    /// <summary>The sentence with the names that this program has for them.</summary>
    public static string Translate(string sentence)
    {
        foreach ((string name, string here) in Names)
        {
            sentence = sentence.Replace(name, here, StringComparison.Ordinal);
        }

        return sentence;
    }
}
