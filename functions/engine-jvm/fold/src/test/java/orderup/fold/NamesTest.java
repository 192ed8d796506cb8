package orderup.fold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Names.java against schemas/src/names.ts, which is parsed here and not generated from: so Maven's
 * own run sees a difference, without Node. The parser knows the few forms of that file; a line it
 * does not know fails the test.
 */
class NamesTest {
  private static final String DEPLOYMENT = "flink-1";

  /** What names.ts computes from its other names. */
  private static final String DERIVED = "DEPLOYMENTS";

  private static final Pattern EXPORT =
      Pattern.compile(
          "^export const (\\w+)(?:: [^=]+)? = (.*?)(?=\\n\\n|\\n(?:export|/)|\\z)",
          Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern TEXT = Pattern.compile("'([^']*)'|`([^`]*)`|([0-9]+)");
  private static final Pattern FUNCTION =
      Pattern.compile("\\(deployment: string\\) =>\\s+(`[^`]*`)");
  private static final Pattern ENTRY = Pattern.compile("(\\w+): ('[^']*'),");
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(\\w+)}");

  @Test
  void namesAreThoseOfTheContract() throws ReflectiveOperationException, IOException {
    Map<String, String> contract = ofTypeScript(source());
    assertTrue(contract.size() >= 20, contract::toString);
    Map<String, String> java = ofJava();
    assertEquals(Set.of(), difference(contract, java), "in names.ts, and not so in Names.java");
    assertEquals(Set.of(), difference(java, contract), "in Names.java, and not so in names.ts");
  }

  private static Set<Map.Entry<String, String>> difference(
      Map<String, String> names, Map<String, String> others) {
    Set<Map.Entry<String, String>> difference = new HashSet<>(names.entrySet());
    difference.removeAll(others.entrySet());
    return difference;
  }

  private static String source() throws IOException {
    try (InputStream in = NamesTest.class.getResourceAsStream("/contract/names.ts")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Map<String, String> ofTypeScript(String source) {
    Map<String, String> names = new TreeMap<>(Map.of("deployment", DEPLOYMENT));
    int exports = 0;
    for (Matcher export = EXPORT.matcher(source); export.find(); exports++) {
      String name = export.group(1);
      String value = export.group(2).replaceFirst(" as const$", "").strip();
      Matcher function = FUNCTION.matcher(value);
      if (name.equals(DERIVED)) continue;
      if (function.matches()) names.put(name, text(function.group(1), names));
      else if (value.startsWith("{")) {
        int entries = 0;
        for (Matcher entry = ENTRY.matcher(value); entry.find(); entries++)
          names.put(name + "." + entry.group(1), text(entry.group(2), names));
        assertEquals(
            value.lines().count() - 2, entries, () -> "each line of " + name + " is an entry");
      } else if (value.startsWith("[")) names.put(name, value.replaceAll("['\\s]", ""));
      else names.put(name, text(value, names));
    }
    assertEquals(
        Pattern.compile("^export const", Pattern.MULTILINE).matcher(source).results().count(),
        exports);
    names.remove("deployment");
    return names;
  }

  private static String text(String literal, Map<String, String> names) {
    Matcher matcher = TEXT.matcher(literal);
    assertTrue(matcher.matches(), () -> "not a form that this test knows: " + literal);
    if (matcher.group(2) == null) return literal.replace("'", "");
    return PLACEHOLDER.matcher(matcher.group(2)).replaceAll(found -> names.get(found.group(1)));
  }

  private static Map<String, String> ofJava() throws ReflectiveOperationException {
    Map<String, String> names = new TreeMap<>();
    for (Field field : Names.class.getFields())
      names.put(field.getName(), field.get(null).toString().replace(" ", ""));
    for (Method method : Names.class.getDeclaredMethods())
      if (Modifier.isPublic(method.getModifiers()))
        names.put(method.getName(), (String) method.invoke(null, DEPLOYMENT));
    for (Class<?> group : Names.class.getClasses())
      for (Field field : group.getFields())
        names.put(
            constant(group.getSimpleName()) + "." + field.getName().toLowerCase(Locale.ROOT),
            (String) field.get(null));
    return names;
  }

  /** RowHeaders is ROW_HEADERS over there. */
  private static String constant(String className) {
    return className.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
  }
}
