// The smallest "System" that the ARM64 compiler accepts. It lets the product's own kernel sources be compiled for a
// foreign architecture without any runtime pack: the kernels use pointers and intrinsics only, so primitive types and
// a few well-known names are all they need. Nothing of it is ever executed.
// The intrinsics are in PortableIntrinsics.cs and ArmIntrinsics.cs.
#pragma warning disable
global using System;

namespace System
{
    using System.Runtime;
    using System.Runtime.CompilerServices;

    public class Object { internal IntPtr m_pMethodTable; }
    public struct Void { }
    public struct Boolean { }
    public struct Char { }
    public struct SByte { }
    public struct Byte { }
    public struct Int16 { }
    public struct UInt16 { }
    public struct Int32
    {
        public const int MaxValue = 0x7fffffff;
        public const int MinValue = -MaxValue - 1;
    }

    public struct UInt32 { }
    public struct Int64 { }
    public struct UInt64 { }
    public struct IntPtr { }
    public struct UIntPtr { }
    public struct Single
    {
        public const float NaN = 0f / 0f;
        public const float NegativeInfinity = -1f / 0f;
        public static bool IsFinite(float v) => (BitConverter.SingleToInt32Bits(v) & 0x7fffffff) < 0x7f800000;
    }

    public struct Double { }
    public abstract class ValueType { }
    public abstract class Enum : ValueType { }
    public struct Nullable<T> where T : struct { }
    public struct ValueTuple<T1, T2>
    {
        public T1 Item1;
        public T2 Item2;
        public ValueTuple(T1 item1, T2 item2) => (Item1, Item2) = (item1, item2);
    }

    public sealed class String { public readonly int Length; }
    public abstract class Array { }
    public abstract class Delegate { }
    public abstract class MulticastDelegate : Delegate { }
    public struct RuntimeTypeHandle { }
    public struct RuntimeMethodHandle { }
    public struct RuntimeFieldHandle { }
    public class Attribute { }
    public enum AttributeTargets { All = 32767 }
    public sealed class AttributeUsageAttribute : Attribute
    {
        public AttributeUsageAttribute(AttributeTargets targets) { }
        public bool AllowMultiple { get; set; }
        public bool Inherited { get; set; }
    }

    public class Type { }
    public sealed class ParamArrayAttribute : Attribute { }
    public class Exception { }

    // PackedLayout.cs, whose constants the kernels use, names this class in methods that no kernel calls.
    public sealed class ArgumentOutOfRangeException : Exception
    {
        public ArgumentOutOfRangeException(string name, object value, string message) { }
        public static void ThrowIfLessThan(int value, int limit) { }
    }

    public static class Math
    {
        public static int Max(int a, int b) => a >= b ? a : b;
    }

    public static class MathF
    {
        [Intrinsic] public static float FusedMultiplyAdd(float a, float b, float c) => FusedMultiplyAdd(a, b, c);

        // An instruction for .NET 10; .NET 9 compiles the body. Zeros compare by their bits, and a NaN is kept.
        [Intrinsic]
        public static float Max(float a, float b)
        {
            if (a != b)
            {
                return a != a || b < a ? a : b;
            }

            return BitConverter.SingleToInt32Bits(b) < 0 ? a : b;
        }

        // .NET calls the same function of the C library.
        [RuntimeImport("*", "expf"), MethodImpl(MethodImplOptions.InternalCall)]
        public static extern float Exp(float v);
    }

    public static class BitConverter
    {
        [Intrinsic] public static int SingleToInt32Bits(float v) => SingleToInt32Bits(v);
        [Intrinsic] public static float Int32BitsToSingle(int v) => Int32BitsToSingle(v);
        [Intrinsic] public static float UInt32BitsToSingle(uint v) => UInt32BitsToSingle(v);
    }

    internal static unsafe class Buffer
    {
        static void BulkMoveWithWriteBarrier(ref byte target, ref byte source, nuint count) { }
    }

    internal static class SpanHelpers
    {
        static void Memmove(ref byte target, ref byte source, nuint count) { }
        static void ClearWithoutReferences(ref byte target, nuint count) { }
        static void Fill(ref byte target, byte value, nuint count) { }
    }
}

namespace System.Reflection
{
    public sealed class DefaultMemberAttribute : Attribute
    {
        public DefaultMemberAttribute(string name) { }
    }
}

namespace System.Diagnostics.CodeAnalysis
{
    public sealed class ConstantExpectedAttribute : Attribute { public object Max { get; set; } }
}

namespace System.Runtime.InteropServices
{
    public enum UnmanagedType { Bool = 2 }
    public enum LayoutKind { Sequential = 0, Explicit = 2, Auto = 3 }
    public sealed class StructLayoutAttribute : Attribute
    {
        public StructLayoutAttribute(LayoutKind kind) { }
        public int Size;
        public int Pack;
    }

    public interface IDynamicInterfaceCastable
    {
        bool IsInterfaceImplemented(RuntimeTypeHandle type, bool throws);
        RuntimeTypeHandle GetInterfaceImplementation(RuntimeTypeHandle type);
        static void GetDynamicInterfaceImplementation() { }
    }
}

namespace System.Runtime.CompilerServices
{
    internal class RuntimeHelpers
    {
        public static unsafe int OffsetToStringData => sizeof(IntPtr) + sizeof(int);
    }

    public static class RuntimeFeature
    {
        public const string VirtualStaticsInInterfaces = nameof(VirtualStaticsInInterfaces);
        public const string DefaultImplementationsOfInterfaces = nameof(DefaultImplementationsOfInterfaces);
        public const string UnmanagedSignatureCallingConvention = nameof(UnmanagedSignatureCallingConvention);
    }

    public sealed class ExtensionAttribute : Attribute { }
    public sealed class IntrinsicAttribute : Attribute { }
    public enum MethodImplOptions
    {
        NoInlining = 8,
        AggressiveInlining = 256,
        AggressiveOptimization = 512,
        InternalCall = 4096,
    }

    public sealed class MethodImplAttribute : Attribute
    {
        public MethodImplAttribute(MethodImplOptions options) { }
    }
}

namespace System.Runtime
{
    internal sealed class RuntimeImportAttribute : Attribute
    {
        public RuntimeImportAttribute(string library, string entry) { }
    }

    internal sealed class RuntimeExportAttribute : Attribute
    {
        public RuntimeExportAttribute(string entry) { }
    }

    // The compiler looks these methods up by name before it compiles anything.
    internal static unsafe class TypeCast
    {
        static void CheckCastAny() { }
        static void CheckCastInterface() { }
        static void CheckCastClass() { }
        static void CheckCastClassSpecial() { }
        static void IsInstanceOfAny() { }
        static void IsInstanceOfInterface() { }
        static void IsInstanceOfClass() { }
        static void IsInstanceOfException() { }
        static void StelemRef() { }
        static void LdelemaRef() { }
        static void CheckArrayStore() { }
        static void IsInstanceOf() { }
        static void CheckCast() { }
    }
}

namespace Internal.Runtime.CompilerHelpers
{
    using System;
    using System.Runtime;

    // Likewise; a kernel that reached one of them would hang instead of passing.
    internal class ThrowHelpers
    {
        static void ThrowFeatureBodyRemoved() { while (true); }
        static void ThrowNotImplementedException() { while (true); }
        static void ThrowBodyRemoved() { while (true); }
        static void ThrowInstanceBodyRemoved() { while (true); }
        static void ThrowUnavailableType() { while (true); }
        static void ThrowInvalidProgramException(int id) { while (true); }
        static void ThrowOverflowException() { while (true); }
        static void ThrowPlatformNotSupportedException() { while (true); }
        static void ThrowDivideByZeroException() { while (true); }
        static void ThrowIndexOutOfRangeException() { while (true); }
        static void ThrowNullReferenceException() { while (true); }
    }

    internal class StartupCodeHelpers
    {
        [RuntimeExport("RhpReversePInvoke")] static void RhpReversePInvoke(IntPtr frame) { }
        [RuntimeExport("RhpReversePInvokeReturn")] static void RhpReversePInvokeReturn(IntPtr frame) { }
        [RuntimeExport("RhpPInvoke")] static void RhpPInvoke(IntPtr frame) { }
        [RuntimeExport("RhpPInvokeReturn")] static void RhpPInvokeReturn(IntPtr frame) { }
    }
}
