"""Makes programs of the examples in README.md, for test.sh: those without a main are functions of one program."""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    examples = re.findall(r"^```cpp\n(.*?)^```$", (HERE / "README.md").read_text(encoding="utf-8"), flags=re.S | re.M)
    if examples[0] != (HERE / "example" / "app.cpp").read_text(encoding="utf-8"):
        print("the first example of README.md is not example/app.cpp", file=sys.stderr)
        return 1
    program = '#include <iostream>\n#include "rpmadb.hpp"\n\n'
    for number, example in enumerate(examples[1:]):
        program += f"static void example{number}() {{\n{example}}}\n\n"
    calls = "".join(f"  example{number}();\n" for number in range(len(examples) - 1))
    Path(sys.argv[1]).write_text(program + f"int main() {{\n{calls}}}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
