namespace MoREdge.Inference;

/// <summary>The decode loop of one generation: choose, check the stops, show, feed back.</summary>
internal sealed class Answer(GenerationSession session, AnswerTokens tokens, AnswerMeter meter)
{
    /// <summary>Generates until something ends it.</summary>
    /// <param name="logits">Logits behind the prompt (VocabSize).</param>
    /// <param name="promptTokens">Prompt tokens that were computed.</param>
    /// <param name="cancellation">Ends the answer.</param>
    public GenerationStats Run(ReadOnlySpan<float> logits, int promptTokens, CancellationToken cancellation)
    {
        meter.EndPrompt(promptTokens);
        StopReason? reason = tokens.IsEmpty ? StopReason.TokenLimit : null;
        while (reason is null)
        {
            int id = tokens.Choose(logits);
            bool isFull = session.Sequence.Position >= session.Sequence.ContextLength;
            reason = tokens.Take(id, isFull)
                ?? (cancellation.IsCancellationRequested ? StopReason.Cancelled : null);
            if (reason is null)
            {
                logits = session.Decode(id);
                meter.CountDecoded();
            }
        }

        tokens.Finish();
        return Stats(reason.Value);
    }

    /// <summary>The statistics of a generation that was cancelled before its first token.</summary>
    public GenerationStats Cancelled() => Stats(StopReason.Cancelled);

    private GenerationStats Stats(StopReason reason) =>
        meter.Stats(reason, tokens.Count, session.Sequence.KvBytesUsed);
}
