namespace MoREdge.Tokenization;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks: "system", "user", "assistant" or what the template knows beside them.</param>
/// <param name="Content">What is said.</param>
public readonly record struct ChatMessage(string Role, string Content);

/// <summary>A chat template: the part of Jinja that public templates use for plain conversations, run as Hugging Face
/// runs it
/// (<c>trim_blocks</c> and <c>lstrip_blocks</c> set, one line end at the end of the template dropped).</summary>
/// <remarks>A construct that is not supported is refused by name, statements, filters and tests already by
/// <see cref="Parse"/>, methods and functions when they run. There is no clock: <c>strftime_now</c> is not
/// defined.</remarks>
public sealed class ChatTemplate
{
    /// <summary>Longest template, in UTF-16 units; the longest public ones have about 30,000.</summary>
    public const int TemplateCharsMax = 1 << 20;

    private readonly IReadOnlyList<JinjaStatement> _body;

    private ChatTemplate(IReadOnlyList<JinjaStatement> body) => _body = body;

    /// <summary>Parses a template.</summary>
    /// <param name="template">Jinja source.</param>
    /// <exception cref="ChatTemplateException">The template is wrong, or uses a construct that is not
    /// supported.</exception>
    public static ChatTemplate Parse(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        if (template.Length > TemplateCharsMax)
        {
            throw new ChatTemplateException(
                ChatTemplateError.TooLarge,
                $"The template has {template.Length} characters; the limit is {TemplateCharsMax}.");
        }

        return new ChatTemplate(new JinjaParser(JinjaLexer.Scan(template)).ParseTemplate());
    }

    /// <summary>The text of a conversation.</summary>
    /// <param name="messages">The messages, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with the start of the assistant's answer.</param>
    /// <param name="bosToken">The begin token's text, or null when there is none.</param>
    /// <param name="eosToken">The end token's text, or null when there is none.</param>
    /// <returns>Text to encode with special tokens parsed and none added: the template adds them itself.</returns>
    /// <exception cref="ChatTemplateException">The template failed or refused the conversation.</exception>
    public string Render(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = true,
        string? bosToken = null,
        string? eosToken = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        List<object?> list = new(messages.Count);
        foreach (ChatMessage message in messages)
        {
            list.Add(new Dictionary<string, object?> { ["role"] = message.Role, ["content"] = message.Content });
        }

        JinjaScope scope = new(new JinjaBudget());
        scope.Set("messages", list);
        scope.Set("add_generation_prompt", addGenerationPrompt);
        SetToken(scope, "bos_token", bosToken);
        SetToken(scope, "eos_token", eosToken);
        JinjaOutput output = new(scope.Budget);
        JinjaStatement.RunAll(_body, scope, output);
        return output.ToString();
    }

    private static void SetToken(JinjaScope scope, string name, string? text)
    {
        if (text is not null)
        {
            scope.Set(name, text);
        }
    }
}
