using System.Text;

namespace MoREdge.Checkpoints;

/// <summary>A source of weights is wrong in a way its owner can understand; the message is one sentence.</summary>
public sealed class CheckpointException : Exception
{
    private const int QuotedLengthMax = 120;

    /// <summary>Creates the exception for <paramref name="error"/> with one sentence.</summary>
    public CheckpointException(CheckpointError error, string sentence)
        : base(sentence)
    {
        Error = error;
    }

    /// <summary>The same, keeping the exception that revealed the fault.</summary>
    public CheckpointException(CheckpointError error, string sentence, Exception innerException)
        : base(sentence, innerException)
    {
        Error = error;
    }

    /// <summary>What is wrong.</summary>
    public CheckpointError Error { get; }

    /// <summary>
    /// Quotes a name from a file for a sentence: control characters become '?', so that a hostile file cannot drive the
    /// terminal that prints it, and long names are cut.
    /// </summary>
    internal static string Quote(string name)
    {
        StringBuilder quoted = new("'");
        foreach (char character in name.AsSpan(0, Math.Min(name.Length, QuotedLengthMax)))
        {
            quoted.Append(char.IsControl(character) ? '?' : character);
        }

        return quoted.Append(name.Length > QuotedLengthMax ? "...'" : "'").ToString();
    }
}
