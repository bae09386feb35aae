using MoREdge.Model;

namespace MoREdge.Inference;

/// <summary>Why a model file cannot hold a conversation.</summary>
public enum InferenceError
{
    /// <summary>The file has no tokenizer, so text is meaningless to it.</summary>
    NoTokenizer,

    /// <summary>The file has no chat template, or one that writes nothing of what is said.</summary>
    NoChatTemplate,

    /// <summary>The tokenizer knows ids that the embedding does not have.</summary>
    TokenizerMismatch,

    /// <summary>An empty prompt needs a beginning-of-sequence token, which the tokenizer lacks.</summary>
    NoBeginToken,

    /// <summary>The prompt is longer than the context.</summary>
    PromptTooLong,

    /// <summary>The keys and values of a request can never fit what a batch may hold.</summary>
    RequestTooLarge,

    /// <summary>As many requests as a batch lets wait are waiting.</summary>
    QueueFull,

    /// <summary>The model produced a logit that is not a finite number.</summary>
    NotANumber,
}

/// <summary>A model or prompt that cannot be run; the message is one sentence.</summary>
public sealed class InferenceException : Exception
{
    /// <summary>States what is wrong in one sentence.</summary>
    public InferenceException(InferenceError error, string message)
        : base(message) => Error = error;

    /// <summary>What is wrong.</summary>
    public InferenceError Error { get; }

    /// <summary>Refuses a prompt that the context does not hold.</summary>
    /// <exception cref="InferenceException">The prompt is longer than the context.</exception>
    internal static void ThrowIfTooLong(int promptLength, int contextLength)
    {
        if (promptLength > contextLength)
        {
            throw new InferenceException(
                InferenceError.PromptTooLong,
                $"The prompt has {promptLength} tokens, but the context holds {contextLength} "
                + $"({nameof(SequenceOptions)}.{nameof(SequenceOptions.ContextLength)}).");
        }
    }
}
