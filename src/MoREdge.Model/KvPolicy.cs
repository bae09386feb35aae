namespace MoREdge.Model;

/// <summary>Which keys and values the recursions of a shared block keep (spec section 4).</summary>
public enum KvPolicy
{
    /// <summary>One slot per unrolled layer; a recursion attends to the tokens that reached it.</summary>
    RecursionWise,

    /// <summary>
    /// One slot per physical block, written by the first recursion for all tokens: the low-memory mode.
    /// </summary>
    SharedFromFirst,

    /// <summary>
    /// As SharedFromFirst, but selected tokens replace their own rows for the duration of a recursion (hybrid). The
    /// fresh rows are not kept, so what a text gives depends on how it was cut into passes.
    /// </summary>
    SharedHybrid,

    /// <summary>
    /// One slot per physical block, in which each recursion replaces what the one before it stored: a token sees its
    /// own recursion's keys and the last ones of earlier tokens. Of looped models; what a text gives depends on how it
    /// was cut into passes.
    /// </summary>
    SharedLatest,
}
