namespace MoREdge.Model;

/// <summary>Receives the logits of one position. The span is overwritten when the call returns.</summary>
public delegate void LogitsVisitor(int position, ReadOnlySpan<float> logits);
