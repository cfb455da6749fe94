package shop;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;

/**
 * Starts an application for each line of its input, and writes what the application was configured with as one line.
 *
 * <p>A line is JSON: {@code arguments}, a list for the application's command line, and {@code bind}, a map of property
 * names to the types a program would bind them to.
 */
@EnableAutoConfiguration
public class ConfigClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    record Query(List<String> arguments, Map<String, String> bind) {}

    public static void main(String[] arguments) throws Exception {
        var answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        var queries = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (var line = queries.readLine(); line != null; line = queries.readLine()) {
            answers.println(JSON.writeValueAsString(answer(JSON.readValue(line, Query.class))));
        }
    }

    private static Map<String, Object> answer(Query query) {
        var application = new SpringApplicationBuilder(ConfigClient.class)
                .web(WebApplicationType.NONE)
                .logStartupInfo(false)
                .properties("spring.main.banner-mode=off", "logging.threshold.console=off");
        try (var context = application.run(query.arguments().toArray(String[]::new))) {
            return new Resolved(context.getEnvironment()).told(query.bind());
        } catch (RuntimeException error) {
            return new TreeMap<>(Map.of("error", causes(error)));
        }
    }

    static String causes(Throwable error) {
        var cause = error.getCause() == null || error.getCause() == error ? "" : " < " + causes(error.getCause());
        return error.getClass().getSimpleName() + ": " + error.getMessage() + cause;
    }
}
