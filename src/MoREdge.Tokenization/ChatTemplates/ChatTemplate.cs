using System.Text.Json;

namespace MoREdge.Tokenization;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks: "system", "user", "assistant" or what the template knows beside them.</param>
/// <param name="Content">What is said.</param>
public readonly record struct ChatMessage(string Role, string Content);

/// <summary>
/// A chat template: Jinja as the transformers library runs it (sandboxed, <c>trim_blocks</c> and <c>lstrip_blocks</c>
/// set, one line end at the end of the template dropped; <c>raise_exception</c>, <c>strftime_now</c>, <c>tojson</c>,
/// <c>generation</c>, <c>break</c> and <c>continue</c> are there).
/// </summary>
/// <remarks>A construct that is not supported is refused by name: statements, filters and tests already by
/// <see cref="Parse"/>, methods and functions when they run. However hostile a template and a conversation are, work,
/// memory and depth are bounded, and the end is a <see cref="ChatTemplateException"/>.</remarks>
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

    /// <summary>The text of a plain conversation.</summary>
    /// <param name="messages">The messages, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with the start of the assistant's answer.</param>
    /// <param name="bosToken">The begin token's text, or null when there is none.</param>
    /// <param name="eosToken">The end token's text, or null when there is none.</param>
    /// <param name="now">What <c>strftime_now</c> takes for the present; null asks the system.</param>
    /// <returns>Text to encode with special tokens parsed and none added: the template adds them itself. Where people
    /// may write what they like, take <see cref="Encode(Tokenizer, IReadOnlyList{ChatMessage}, bool, DateTime?)"/>.
    /// </returns>
    /// <exception cref="ArgumentException">A message has no role or no content.</exception>
    /// <exception cref="ChatTemplateException">The template failed or refused the conversation.</exception>
    public string Render(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = true,
        string? bosToken = null,
        string? eosToken = null,
        DateTime? now = null) =>
        Run(Variables(messages, addGenerationPrompt, bosToken, eosToken, text => text), now);

    /// <summary>
    /// The text of a conversation with tools, documents, parts of messages or variables of the template.
    /// </summary>
    /// <param name="variables">An object with what the template may name: <c>messages</c>, <c>tools</c>,
    /// <c>add_generation_prompt</c>, <c>bos_token</c>, <c>enable_thinking</c>, whatever it knows. <c>tools</c> and
    /// <c>documents</c> are none when they are left out, as in the transformers library.</param>
    /// <param name="now">What <c>strftime_now</c> takes for the present; null asks the system.</param>
    /// <exception cref="ChatTemplateException">The template failed or refused the conversation.</exception>
    public string Render(JsonElement variables, DateTime? now = null) => Run(Variables(variables, text => text), now);

    /// <summary>
    /// The tokens of a plain conversation; what people say is never read as a control token, however it is spelled.
    /// </summary>
    /// <param name="tokenizer">The model's tokenizer, which names the begin and end tokens.</param>
    /// <param name="messages">The messages, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with the start of the assistant's answer.</param>
    /// <param name="now">What <c>strftime_now</c> takes for the present; null asks the system.</param>
    /// <exception cref="ArgumentException">A message has no role or no content.</exception>
    /// <exception cref="ChatTemplateException">The template failed or refused the conversation.</exception>
    /// <exception cref="TokenizerException">The text is too long.</exception>
    public int[] Encode(
        Tokenizer tokenizer,
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = true,
        DateTime? now = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        string? bos = ChatGuard.SpecialText(tokenizer, tokenizer.Definition.BosId);
        string? eos = ChatGuard.SpecialText(tokenizer, tokenizer.Definition.EosId);
        ChatGuard guard = new(tokenizer);
        string text = Run(Variables(messages, addGenerationPrompt, bos, eos, guard.Mark), now, guard);
        return tokenizer.EncodeMarked(text);
    }

    /// <summary>
    /// The tokens of a conversation with tools or other variables; no string among them is read as a control token,
    /// except <c>bos_token</c> and its like, which the tokenizer names when they are left out.
    /// </summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="variables">As for <see cref="Render(JsonElement, DateTime?)"/>.</param>
    /// <param name="now">What <c>strftime_now</c> takes for the present; null asks the system.</param>
    /// <exception cref="ChatTemplateException">The template failed or refused the conversation.</exception>
    /// <exception cref="TokenizerException">The text is too long.</exception>
    public int[] Encode(Tokenizer tokenizer, JsonElement variables, DateTime? now = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ChatGuard guard = new(tokenizer);
        Dictionary<string, object?> values = Variables(variables, guard.Mark);
        SetToken(values, "bos_token", ChatGuard.SpecialText(tokenizer, tokenizer.Definition.BosId));
        SetToken(values, "eos_token", ChatGuard.SpecialText(tokenizer, tokenizer.Definition.EosId));
        SetToken(values, "unk_token", ChatGuard.SpecialText(tokenizer, tokenizer.Definition.UnknownId));
        SetToken(values, "pad_token", ChatGuard.SpecialText(tokenizer, tokenizer.Definition.PaddingId));
        return tokenizer.EncodeMarked(Run(values, now, guard));
    }

    private string Run(Dictionary<string, object?> variables, DateTime? now, ChatGuard? guard = null)
    {
        JinjaScope scope = new(new JinjaBudget { Guard = guard });
        JinjaFunctions.Define(scope, now);

        // A conversation without them has none, as transformers' apply_chat_template says it; templates ask "is not
        // none" as well as "is defined".
        scope.Set("tools", null);
        scope.Set("documents", null);
        foreach ((string name, object? value) in variables)
        {
            scope.Set(name, value);
        }

        JinjaOutput output = new(scope.Budget);
        JinjaStatement.RunAll(_body, scope, output);
        return output.ToString();
    }

    private static Dictionary<string, object?> Variables(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt,
        string? bosToken,
        string? eosToken,
        Func<string, string> onText)
    {
        ArgumentNullException.ThrowIfNull(messages);
        List<object?> list = new(messages.Count);
        foreach (ChatMessage message in messages)
        {
            if (message.Role is null || message.Content is null)
            {
                throw new ArgumentException("A message of a conversation has no role or no content.");
            }

            list.Add(new Dictionary<string, object?>
            {
                ["role"] = onText(message.Role),
                ["content"] = onText(message.Content),
            });
        }

        Dictionary<string, object?> variables = new()
        {
            ["messages"] = list,
            ["add_generation_prompt"] = addGenerationPrompt,
        };
        SetToken(variables, "bos_token", bosToken);
        SetToken(variables, "eos_token", eosToken);
        return variables;
    }

    private static Dictionary<string, object?> Variables(JsonElement variables, Func<string, string> onText)
    {
        if (variables.ValueKind != JsonValueKind.Object)
        {
            throw new ChatTemplateException(
                ChatTemplateError.WrongType, "The variables of a chat template are no JSON object.");
        }

        try
        {
            return (Dictionary<string, object?>)JinjaJson.Read(variables, onText)!;
        }
        catch (InvalidOperationException)
        {
            throw new ChatTemplateException(
                ChatTemplateError.WrongType, "The variables of a chat template hold text that is no Unicode.");
        }
    }

    private static void SetToken(Dictionary<string, object?> variables, string name, string? text)
    {
        if (text is not null)
        {
            variables.TryAdd(name, text);
        }
    }
}
