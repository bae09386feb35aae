// The portable 128-bit vectors, declared exactly as .NET declares them: the compiler knows them by name and replaces
// each call by instructions. What has a body here has the same one in .NET. A kernel that needs another operation adds
// its line here; run.sh fails when the compiler leaves one of them as a call.
#pragma warning disable
namespace System.Runtime.Intrinsics
{
    using System.Runtime.CompilerServices;
    using System.Runtime.InteropServices;

    [Intrinsic, StructLayout(LayoutKind.Sequential, Size = 8)]
    public readonly struct Vector64<T>
    {
        private readonly ulong _00;
    }

    [Intrinsic, StructLayout(LayoutKind.Sequential, Size = 16)]
    public readonly struct Vector128<T>
    {
        private readonly Vector64<T> _lower;
        private readonly Vector64<T> _upper;

        public static Vector128<T> Zero { [Intrinsic] get => Zero; }
        public static Vector128<T> One { [Intrinsic] get => One; }
        public T this[int index] { [Intrinsic] get => Vector128.GetElement(this, index); }

        [Intrinsic] public static Vector128<T> operator +(Vector128<T> a, Vector128<T> b) => a + b;
        [Intrinsic] public static Vector128<T> operator -(Vector128<T> a, Vector128<T> b) => a - b;
        [Intrinsic] public static Vector128<T> operator *(Vector128<T> a, Vector128<T> b) => a * b;
        [Intrinsic] public static Vector128<T> operator *(Vector128<T> a, T b) => a * b;
        [Intrinsic] public static Vector128<T> operator /(Vector128<T> a, Vector128<T> b) => a / b;
        [Intrinsic] public static Vector128<T> operator &(Vector128<T> a, Vector128<T> b) => a & b;
        [Intrinsic] public static Vector128<T> operator |(Vector128<T> a, Vector128<T> b) => a | b;
        [Intrinsic] public static Vector128<T> operator ^(Vector128<T> a, Vector128<T> b) => a ^ b;
        [Intrinsic] public static Vector128<T> operator -(Vector128<T> a) => -a;
        [Intrinsic] public static bool operator ==(Vector128<T> a, Vector128<T> b) => a == b;
        [Intrinsic] public static bool operator !=(Vector128<T> a, Vector128<T> b) => a != b;
        [Intrinsic] public static Vector128<T> operator <<(Vector128<T> a, int n) => a << n;
        [Intrinsic] public static Vector128<T> operator >>(Vector128<T> a, int n) => a >> n;
        [Intrinsic] public static Vector128<T> operator >>>(Vector128<T> a, int n) => a >>> n;
    }

    [Intrinsic]
    public static class Vector64
    {
        [Intrinsic] public static Vector64<float> CreateScalarUnsafe(float v) => CreateScalarUnsafe(v);
        [Intrinsic] public static Vector64<int> AsInt32<T>(this Vector64<T> v) => AsInt32(v);
    }

    [Intrinsic]
    public static unsafe class Vector128
    {
        [Intrinsic] public static Vector128<float> Create(float v) => Create(v);
        [Intrinsic] public static Vector128<int> Create(int v) => Create(v);
        [Intrinsic] public static Vector128<short> Create(short v) => Create(v);
        [Intrinsic] public static Vector128<byte> Create(byte v) => Create(v);
        [Intrinsic] public static Vector128<sbyte> Create(sbyte v) => Create(v);
        [Intrinsic] public static Vector128<int> Create(int a, int b, int c, int d) => Create(a, b, c, d);
        [Intrinsic] public static Vector128<float> Create(float a, float b, float c, float d) => Create(a, b, c, d);
        [Intrinsic] public static Vector128<long> Create(long a, long b) => Create(a, b);
        [Intrinsic] public static Vector128<long> Create(long v) => Create(v);
        [Intrinsic] public static Vector128<long> CreateScalar(long v) => CreateScalar(v);
        [Intrinsic] public static Vector128<ulong> CreateScalar(ulong v) => CreateScalar(v);
        [Intrinsic] public static Vector128<float> CreateScalar(float v) => CreateScalar(v);
        [Intrinsic] public static Vector128<int> CreateScalarUnsafe(int v) => CreateScalarUnsafe(v);
        [Intrinsic] public static Vector128<short> CreateScalarUnsafe(short v) => CreateScalarUnsafe(v);
        [Intrinsic] public static Vector128<long> CreateScalarUnsafe(long v) => CreateScalarUnsafe(v);
        [Intrinsic] public static Vector128<double> CreateScalarUnsafe(double v) => CreateScalarUnsafe(v);
        [Intrinsic] public static Vector128<float> CreateScalarUnsafe(float v) => CreateScalarUnsafe(v);
        [Intrinsic] public static T ToScalar<T>(this Vector128<T> v) => ToScalar(v);
        [Intrinsic] public static T GetElement<T>(this Vector128<T> v, int i) => GetElement(v, i);
        [Intrinsic] public static Vector64<T> GetLower<T>(this Vector128<T> v) => GetLower(v);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<T> Load<T>(T* p) => *(Vector128<T>*)p;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store<T>(this Vector128<T> v, T* p) => *(Vector128<T>*)p = v;

        [Intrinsic] public static Vector128<byte> AsByte<T>(this Vector128<T> v) => AsByte(v);
        [Intrinsic] public static Vector128<sbyte> AsSByte<T>(this Vector128<T> v) => AsSByte(v);
        [Intrinsic] public static Vector128<short> AsInt16<T>(this Vector128<T> v) => AsInt16(v);
        [Intrinsic] public static Vector128<ushort> AsUInt16<T>(this Vector128<T> v) => AsUInt16(v);
        [Intrinsic] public static Vector128<int> AsInt32<T>(this Vector128<T> v) => AsInt32(v);
        [Intrinsic] public static Vector128<uint> AsUInt32<T>(this Vector128<T> v) => AsUInt32(v);
        [Intrinsic] public static Vector128<long> AsInt64<T>(this Vector128<T> v) => AsInt64(v);
        [Intrinsic] public static Vector128<float> AsSingle<T>(this Vector128<T> v) => AsSingle(v);

        [Intrinsic] public static Vector128<float> ConvertToSingle(Vector128<int> v) => ConvertToSingle(v);
        [Intrinsic] public static Vector128<float> FusedMultiplyAdd(
            Vector128<float> a, Vector128<float> b, Vector128<float> c) => FusedMultiplyAdd(a, b, c);

        [Intrinsic] public static Vector128<T> Max<T>(Vector128<T> a, Vector128<T> b) => Max(a, b);
        [Intrinsic] public static Vector128<T> Min<T>(Vector128<T> a, Vector128<T> b) => Min(a, b);
        [Intrinsic] public static T Sum<T>(Vector128<T> v) => Sum(v);
        [Intrinsic] public static Vector128<T> Equals<T>(Vector128<T> a, Vector128<T> b) => Equals(a, b);
        [Intrinsic] public static Vector128<T> GreaterThan<T>(Vector128<T> a, Vector128<T> b) => GreaterThan(a, b);
        [Intrinsic] public static Vector128<T> LessThan<T>(Vector128<T> a, Vector128<T> b) => LessThan(a, b);
        [Intrinsic] public static Vector128<T> ConditionalSelect<T>(
            Vector128<T> c, Vector128<T> a, Vector128<T> b) => ConditionalSelect(c, a, b);

        [Intrinsic] public static Vector128<float> Shuffle(Vector128<float> v, Vector128<int> i) => Shuffle(v, i);
        [Intrinsic] public static Vector128<byte> Shuffle(Vector128<byte> v, Vector128<byte> i) => Shuffle(v, i);
        [Intrinsic] public static Vector128<long> Shuffle(Vector128<long> v, Vector128<long> i) => Shuffle(v, i);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<byte> ShiftLeft(Vector128<byte> v, int n) => v << n;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<byte> ShiftRightLogical(Vector128<byte> v, int n) => v >>> n;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> ShiftLeft(Vector128<int> v, int n) => v << n;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<uint> ShiftLeft(Vector128<uint> v, int n) => v << n;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> ShiftLeft(Vector128<short> v, int n) => v << n;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<ushort> ShiftLeft(Vector128<ushort> v, int n) => v << n;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<short> ShiftRightArithmetic(Vector128<short> v, int n) => v >> n;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> ShiftRightArithmetic(Vector128<int> v, int n) => v >> n;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<ushort> ShiftRightLogical(Vector128<ushort> v, int n) => v >>> n;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> ShiftRightLogical(Vector128<int> v, int n) => v >>> n;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<long> ShiftRightLogical(Vector128<long> v, int n) => v >>> n;

        [Intrinsic] public static Vector128<short> WidenLower(Vector128<sbyte> v) => WidenLower(v);
        [Intrinsic] public static Vector128<short> WidenUpper(Vector128<sbyte> v) => WidenUpper(v);
        [Intrinsic] public static Vector128<int> WidenLower(Vector128<short> v) => WidenLower(v);
        [Intrinsic] public static Vector128<int> WidenUpper(Vector128<short> v) => WidenUpper(v);
        [Intrinsic] public static Vector128<uint> WidenLower(Vector128<ushort> v) => WidenLower(v);
        [Intrinsic] public static Vector128<uint> WidenUpper(Vector128<ushort> v) => WidenUpper(v);
        [Intrinsic] public static Vector128<sbyte> Narrow(Vector128<short> a, Vector128<short> b) => Narrow(a, b);
        [Intrinsic] public static Vector128<short> Narrow(Vector128<int> a, Vector128<int> b) => Narrow(a, b);
        [Intrinsic] public static Vector128<ushort> Narrow(Vector128<uint> a, Vector128<uint> b) => Narrow(a, b);
        [Intrinsic] public static Vector128<int> Narrow(Vector128<long> a, Vector128<long> b) => Narrow(a, b);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static (Vector128<short>, Vector128<short>) Widen(Vector128<sbyte> v) => (WidenLower(v), WidenUpper(v));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static (Vector128<int>, Vector128<int>) Widen(Vector128<short> v) => (WidenLower(v), WidenUpper(v));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static (Vector128<uint>, Vector128<uint>) Widen(Vector128<ushort> v) => (WidenLower(v), WidenUpper(v));
    }
}
