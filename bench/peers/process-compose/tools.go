//go:build tools
package peer
import _ "github.com/f1bonacc1/process-compose"
