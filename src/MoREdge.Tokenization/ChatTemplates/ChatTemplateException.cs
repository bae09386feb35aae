namespace MoREdge.Tokenization;

/// <summary>Every way a chat template can fail.</summary>
public enum ChatTemplateError
{
    /// <summary>The template is no Jinja.</summary>
    Syntax,

    /// <summary>
    /// The template uses a construct that this library lacks; <see cref="ChatTemplateException.Construct"/> names it.
    /// </summary>
    UnsupportedConstruct,

    /// <summary>An operation met a value of a type it is not for.</summary>
    WrongType,

    /// <summary>A value that the operation needs is undefined.</summary>
    UndefinedValue,

    /// <summary>The template itself refused the conversation, by raise_exception.</summary>
    Raised,

    /// <summary>Blocks, expressions or values are nested too deep.</summary>
    TooDeep,

    /// <summary>The template is too long, or does more work than any honest one.</summary>
    TooLarge,
}

/// <summary>A chat template failed; the message is one sentence that says how.</summary>
public sealed class ChatTemplateException : Exception
{
    /// <summary>Reports one fault.</summary>
    /// <param name="error">Which fault.</param>
    /// <param name="sentence">What is wrong, in one sentence.</param>
    /// <param name="construct">The construct at fault, where there is one.</param>
    public ChatTemplateException(ChatTemplateError error, string sentence, string? construct = null)
        : base(sentence)
    {
        Error = error;
        Construct = construct;
    }

    /// <summary>Which fault.</summary>
    public ChatTemplateError Error { get; }

    /// <summary>The name of the construct that is not supported, else null.</summary>
    public string? Construct { get; }

    /// <summary>The refusal of a construct, by name.</summary>
    internal static ChatTemplateException Unsupported(string construct) => new(
        ChatTemplateError.UnsupportedConstruct,
        $"The chat template uses {construct}, which is not supported.",
        construct);
}
