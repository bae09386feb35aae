using System.Text;
using MoREdge.Tokenization;

namespace MoREdge.Inference;

/// <summary>What one chat turn gave.</summary>
/// <param name="Stats">What it cost.</param>
/// <param name="DroppedMessages">Oldest messages that were left out to make the text fit the context.</param>
/// <param name="IsTakenBack">
/// Whether it was cancelled before the answer began, or was to have none (a token limit of 0): the conversation is then
/// as it was before the question, of which the session has read as much as it could.
/// </param>
public sealed record ChatTurn(GenerationStats Stats, int DroppedMessages, bool IsTakenBack);

/// <summary>
/// A conversation: messages, the model's chat template, and a session whose cache is reused from turn to turn. One call
/// at a time, whatever thread makes it: one that begins during an answer is refused.
/// </summary>
public sealed class ChatSession
{
    private const string SystemRole = "system";
    private const string UserRole = "user";
    private const string AssistantRole = "assistant";

    /// <summary>Tokens of the context that a prompt leaves free for the answer, at least, as a fraction.</summary>
    private const double AnswerShare = 0.25;

    private readonly LocalModel _model;
    private readonly GenerationSession _session;
    private readonly ChatTemplate _template;
    private readonly List<ChatMessage> _messages = [];
    private readonly OneCall _call = new("conversation");
    private readonly int _systemCount;

    /// <summary>Starts a conversation.</summary>
    /// <param name="model">A model with a chat template.</param>
    /// <param name="session">The session to run in, which the caller owns.</param>
    /// <param name="systemPrompt">The first message, or null for none.</param>
    /// <exception cref="ArgumentException">The session is one of another model.</exception>
    /// <exception cref="InferenceException">The model has no chat template, or no tokenizer.</exception>
    /// <exception cref="ChatTemplateException">
    /// The template uses a construct this version lacks; it is named.
    /// </exception>
    public ChatSession(LocalModel model, GenerationSession session, string? systemPrompt)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(session);
        if (session.Model != model)
        {
            throw new ArgumentException("The session is one of another model, for which other ids have other texts.");
        }

        _model = model;
        _session = session;
        string template = model.Tokenizer.Definition.ChatTemplate ?? throw new InferenceException(
            InferenceError.NoChatTemplate,
            $"The model '{model.File.Path}' has no chat template; use "
            + $"{nameof(GenerationSession)}.{nameof(GenerationSession.Generate)} with it.");
        _template = ChatTemplate.Parse(template);
        if (systemPrompt is not null)
        {
            _messages.Add(new ChatMessage(SystemRole, systemPrompt));
            _systemCount = 1;
        }
    }

    /// <summary>Messages so far, the system prompt included.</summary>
    public int MessageCount => _messages.Count;

    /// <summary>Asks and answers one turn.</summary>
    /// <param name="text">What the user says.</param>
    /// <param name="options">Limits and progress.</param>
    /// <param name="onText">Receives the answer piece by piece.</param>
    /// <param name="cancellation">
    /// Ends the answer; what was said of it stays in the history. Where nothing was said, the question goes too.
    /// </param>
    /// <exception cref="InferenceException">
    /// This message alone does not fit the context, or the template writes nothing; the conversation stays as it was.
    /// Or the model produced a value that is not a finite number.
    /// </exception>
    /// <exception cref="ChatTemplateException">
    /// The template refuses the conversation with this message, which stays as it was.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A receiver of this conversation called it, or another thread during an answer.
    /// </exception>
    public ChatTurn Ask(string text, GenerationOptions options, Action<string> onText, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(onText);
        using OneCall.Use call = _call.Begin();
        ChatMessage[] before = _messages.ToArray();
        _messages.Add(new ChatMessage(UserRole, text));
        StringBuilder answer = new();
        bool answered = false;
        try
        {
            int dropped = 0;
            int[] prompt = Render();
            int promptMax = (int)(_session.Sequence.ContextLength * (1 - AnswerShare));
            while (prompt.Length > promptMax && _messages.Count > _systemCount + 1)
            {
                // The older half, because all that stays has to be read again: so this is rare. A question goes
                // together with its answer, so that the roles keep alternating.
                int oldCount = _messages.Count - _systemCount - 1;
                int count = Math.Min((oldCount + 3) / 4 * 2, oldCount);
                _messages.RemoveRange(_systemCount, count);
                dropped += count;
                prompt = Render();
            }

            if (prompt.Length == 0)
            {
                throw new InferenceException(
                    InferenceError.NoChatTemplate, $"The chat template of '{_model.File.Path}' writes nothing.");
            }

            GenerationStats stats = _session.Generate(
                prompt, options, startsText: false,
                piece =>
                {
                    answer.Append(piece);
                    onText(piece);
                },
                cancellation);
            answered = answer.Length > 0
                || (stats.GeneratedTokens > 0 && stats.StopReason != StopReason.Cancelled);
            return new ChatTurn(stats, answered ? dropped : 0, IsTakenBack: !answered);
        }
        finally
        {
            if (answered)
            {
                _messages.Add(new ChatMessage(AssistantRole, answer.ToString()));
            }
            else
            {
                // A question without an answer costs nothing of what was said before it. Left in, an empty answer would
                // be the model's example for the next one.
                _messages.Clear();
                _messages.AddRange(before);
            }
        }
    }

    /// <summary>Forgets everything but the system prompt.</summary>
    /// <exception cref="InvalidOperationException">
    /// A receiver of this conversation called it, or another thread during an answer.
    /// </exception>
    public void Reset()
    {
        using OneCall.Use call = _call.Begin();
        _session.Reset();
        _messages.RemoveRange(_systemCount, _messages.Count - _systemCount);
    }

    /// <summary>
    /// The template writes every special token itself, so none is added; and what people say is never read as one.
    /// </summary>
    private int[] Render() => _template.Encode(_model.Tokenizer, _messages);
}
