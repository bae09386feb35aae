namespace MoREdge.Model;

/// <summary>Says what to draft.</summary>
/// <param name="position">Position in the text.</param>
/// <param name="draft">The model's own draft.</param>
/// <param name="isSecond">
/// True for the draft of the token behind a draft, which the draft head made. It is drafted anew a pass later.
/// </param>
/// <returns>
/// An id of the vocabulary. Anything else: of a second draft none is made, a first one is left as it is.
/// </returns>
public delegate int DraftOverride(int position, int draft, bool isSecond);
