"""Run every check of this folder and say which failed; `make check` ends with it."""

import sys

from tools import doc_paths, generated_code, migration_heads, readmes, registry_hosts, size_budget, snippets

CHECKS = {
    "paths in the documentation": doc_paths.problems,
    "lists in READMEs": readmes.problems,
    "programs in the documentation": snippets.problems,
    "size budget": size_budget.problems,
    "generated code": generated_code.problems,
    "registry hosts": registry_hosts.problems,
    "migration heads": migration_heads.problems,
}


def main() -> int:
    failed = False
    for name, problems in CHECKS.items():
        found = problems()
        failed = failed or bool(found)
        print(f"{name}: {'ok' if not found else f'{len(found)} to mend'}")
        for problem in found:
            print(f"  {problem}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
