package check
import ("testing";"fmt";"github.com/tcptune/tcptune/internal/host";"os";"time")
func TestZZ(t *testing.T){ s:=time.Now(); r:=Run(t.Context(), host.Host{}, Options{}); fmt.Println(time.Since(s)); for _,c:=range r.Checks { fmt.Fprintf(os.Stderr,"%-4s %-18s %s\n       %s\n       -> %s\n",c.Grade,c.Name,c.Value,c.Reason,c.Fix)}; fmt.Println(r.Supported); s=time.Now(); Supported(host.Host{}); fmt.Println(time.Since(s))
 s=time.Now(); Supported(host.Host{}); fmt.Println(time.Since(s)) }
