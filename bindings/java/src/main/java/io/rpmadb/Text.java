package io.rpmadb;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Texts for C and from C. */
final class Text {
  private Text() {}

  /**
   * The bytes with a NUL behind; null is NULL. A NUL inside would end the text early, and half a
   * surrogate pair would become a question mark, without anybody noticing.
   */
  static byte[] bytes(String text) {
    if (text == null) {
      return null;
    }
    if (text.indexOf('\0') >= 0) {
      throw Json.misuse(Status.INVALID_ARGUMENT, "a text has a NUL inside");
    }
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining() + 1];
      encoded.get(bytes, 0, bytes.length - 1);
      return bytes;
    } catch (CharacterCodingException e) {
      throw Json.misuse(Status.INVALID_UTF8, "a text has half of a surrogate pair");
    }
  }

  /** A copy of a text of C. */
  static byte[] copy(Pointer text) {
    return text == null
        ? new byte[0]
        : text.getByteArray(0, Math.toIntExact(text.indexOf(0, (byte) 0)));
  }

  static String string(Pointer text) {
    return new String(copy(text), StandardCharsets.UTF_8);
  }

  /** Takes a text that the library handed out. */
  static byte[] take(long[] out) {
    if (out[0] == 0) {
      return new byte[0];
    }
    try {
      return copy(new Pointer(out[0]));
    } finally {
      Native.rpmadb_free(out[0]);
    }
  }
}
