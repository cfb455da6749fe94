package shop;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.loadbalancer.LoadBalancerClient;

/** Answers each line of its input, the name of a service as JSON, with what a program finds under that name. */
@EnableAutoConfiguration
public class DiscoveryProgram {
    private static final int CHOICES = 20;

    public static void main(String[] arguments) throws Exception {
        var json = new ObjectMapper();
        var answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        var application = new SpringApplicationBuilder(DiscoveryProgram.class)
                .web(WebApplicationType.NONE)
                .logStartupInfo(false)
                .properties("spring.main.banner-mode=off", "spring.cloud.loadbalancer.cache.enabled=false");
        try (var context = application.run(arguments)) {
            var discovery = context.getBean(DiscoveryClient.class);
            var balancer = context.getBean(LoadBalancerClient.class);
            var questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (var line = questions.readLine(); line != null; line = questions.readLine()) {
                var service = json.readValue(line, String.class);
                var instances = discovery.getInstances(service);
                answers.println(json.writeValueAsString(Map.of(
                        "services", new TreeSet<>(discovery.getServices()),
                        "instances", instances.stream().map(DiscoveryProgram::told).toList(),
                        "chosen", chosen(balancer, service))));
            }
        }
    }

    private static Map<String, Object> told(ServiceInstance instance) {
        return Map.of(
                "id", instance.getInstanceId(),
                "service", instance.getServiceId().toLowerCase(),
                "uri", instance.getUri().toString(),
                "secure", instance.isSecure());
    }

    /** Where a client's calls go. */
    private static List<String> chosen(LoadBalancerClient balancer, String service) {
        var chosen = new TreeSet<String>();
        for (var call = 0; call < CHOICES; call++) {
            var instance = balancer.choose(service);
            if (instance != null) {
                chosen.add(instance.getUri().toString());
            }
        }
        return List.copyOf(chosen);
    }
}
