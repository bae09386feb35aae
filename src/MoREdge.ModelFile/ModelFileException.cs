using System.Text;

namespace MoREdge.ModelFile;

/// <summary>A model file is wrong, or one could not be written. The message is one sentence for the user.</summary>
public sealed class ModelFileException : Exception
{
    private const int QuotedCharactersMax = 80;

    /// <summary>Names what went wrong, for programs (<paramref name="error"/>) and for people.</summary>
    public ModelFileException(ModelFileError error, string message)
        : base(message) => Error = error;

    /// <summary>The same, caused by a failure of the system.</summary>
    public ModelFileException(ModelFileError error, string message, Exception innerException)
        : base(message, innerException) => Error = error;

    /// <summary>What went wrong.</summary>
    public ModelFileError Error { get; }

    /// <summary>
    /// Puts a name from a file into quotes for a message: control characters become '?' (a hostile file must not drive
    /// the terminal that prints the message) and long names are cut.
    /// </summary>
    public static string Quote(string name)
    {
        StringBuilder quoted = new("'");
        foreach (char character in name)
        {
            if (quoted.Length > QuotedCharactersMax)
            {
                quoted.Append("...");
                break;
            }

            quoted.Append(char.IsControl(character) ? '?' : character);
        }

        return quoted.Append('\'').ToString();
    }
}
