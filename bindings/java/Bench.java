import io.rpmadb.Database;
import io.rpmadb.Operation;
import io.rpmadb.Options;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Tells what a call through the binding adds to the same call from C: medians, by turns in one run.
 * The call is the cheapest there is, so that the library's own work does not hide it.
 */
public class Bench {
  private static final int CALLS = 5000;
  private static final int TURNS = 7;

  /** The first argument is the program in C, the second a folder. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[1]);
    Options.Open options = new Options.Open().migrate(false);
    try (Database db = Database.open(folder.resolve("java.db").toString(), options);
        Operation operation = new Operation()) {
      Runnable plain = () -> db.query("SELECT 1");
      Runnable watched = () -> db.query("SELECT 1", List.of(), operation);
      for (int i = 0; i < 4 * CALLS; i++) { // until it is compiled
        plain.run();
        watched.run();
      }
      double[] c = new double[TURNS];
      double[] java = new double[TURNS];
      double[] with = new double[TURNS];
      for (int turn = 0; turn < TURNS; turn++) {
        ProcessBuilder loop = new ProcessBuilder(arguments[0], folder.resolve("c.db").toString());
        c[turn] = Double.parseDouble(new String(loop.start().getInputStream().readAllBytes()));
        java[turn] = median(plain);
        with[turn] = median(watched);
      }
      tell("query", c, java);
      tell("query, with an operation", c, with);
    }
  }

  private static double median(Runnable call) {
    double[] took = new double[CALLS];
    for (int i = 0; i < CALLS; i++) {
      long start = System.nanoTime();
      call.run();
      took[i] = System.nanoTime() - start;
    }
    return median(took);
  }

  private static double median(double[] all) {
    Arrays.sort(all);
    return all[all.length / 2];
  }

  private static void tell(String name, double[] c, double[] java) {
    double one = median(c) / 1000;
    double other = median(java) / 1000;
    String format = "%-36s C %6.1f us   Java %6.1f us   adds %5.1f us%n";
    System.out.printf(format, name, one, other, other - one);
  }
}
