namespace MoREdge.Inference;

/// <summary>
/// Calls the receivers of a request. They are other people's code: whatever they throw is kept, they are called no
/// more, and the requests beside this one never notice.
/// </summary>
internal sealed class Receiver(BatchRequest request)
{
    /// <summary>What a receiver threw; null while all is well.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Passes a token on.</summary>
    public void Token(int id) => Call(request.OnToken, id);

    /// <summary>Passes a piece of text on.</summary>
    public void Text(string piece) => Call(request.OnText, piece);

    /// <summary>Passes on how many tokens of the prompt are done.</summary>
    public void Progress(int done)
    {
        if (request.Options.PromptProgress is { } progress)
        {
            Call(tokens => progress(tokens, request.Prompt.Length), done);
        }
    }

    /// <summary>Asks what the token behind a text will be.</summary>
    /// <param name="position">Position of the token.</param>
    /// <param name="draft">What the model expects, and the answer where the receiver has failed.</param>
    /// <param name="isSecond">See <see cref="Model.DraftOverride"/>.</param>
    public int Draft(int position, int draft, bool isSecond)
    {
        int better = draft;
        Action<int>? ask = request.DraftOverride is { } choose
            ? expected => better = choose(position, expected, isSecond)
            : null;
        Call(ask, draft);
        return better;
    }

    private void Call<T>(Action<T>? receiver, T value)
    {
        if (receiver is null || Failure is not null)
        {
            return;
        }

        try
        {
            receiver(value);
        }
        catch (Exception failure)
        {
            Failure = failure;
        }
    }
}
