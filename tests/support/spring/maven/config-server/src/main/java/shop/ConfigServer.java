package shop;

import java.io.IOException;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.cloud.config.server.EnableConfigServer;

/**
 * Spring's config server over the files of the folder it is given; says its port, and ends with its input.
 */
@EnableAutoConfiguration
@EnableConfigServer
public class ConfigServer {
    public static void main(String[] arguments) throws IOException {
        var context = new SpringApplicationBuilder(ConfigServer.class)
                .profiles("native")
                .logStartupInfo(false)
                .run(
                        "--server.port=0",
                        "--server.address=127.0.0.1",
                        "--spring.main.banner-mode=off",
                        "--logging.level.root=warn",
                        "--logging.threshold.console=off",
                        "--spring.cloud.config.server.native.search-locations=file:" + arguments[0] + "/");
        var server = ((ServletWebServerApplicationContext) context).getWebServer();
        System.out.println("{\"port\": " + server.getPort() + "}");
        while (System.in.read() >= 0) {
            // whoever started this has more to ask
        }
        context.close();
    }
}
