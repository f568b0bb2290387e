"""Faults of scenarios and authorities, each planted into the toy country by ``test_check``."""

from __future__ import annotations

from typing import Any

FRAME = "threats/storm/scenario.yaml"
OVER = "countries/xt/threats/storm/scenario.yaml"
LOCAL = "countries/xt/threats/storm/scenario.N.yaml"
AUTH = "countries/xt/authorities.yaml"
CASE = "countries/xt/threats/storm/golden/toy-2030/case.yaml"

DUTY = "  duty_post:\n    level: 2\n    person: mayor\n"
DUTY_WORK = '    work: {fr: "Tenir le poste de commandement de {place} jour et nuit."}\n'
DUTY_REST = "    responsibility: mayor\n    authority: {role: mayor, cites: act_9}\n"
DUTY_PRODUCT = '    product: {fr: "Tableau de service"}\n'
WHOLE = DUTY + DUTY_WORK + DUTY_REST + DUTY_PRODUCT


def fault(
    name: str,
    edits: tuple[tuple[str, str | None, str | None], ...],
    code: str,
    file: str,
    key: str,
    says: tuple[str, ...],
    remedy: tuple[str, str],
    at: str | None,
    severity: str = "error",
) -> dict[str, Any]:
    return dict(
        name=name, edits=edits, code=code, file=file, key=key, says=says, remedy=remedy, at=at,
        severity=severity,
    )  # fmt: skip


FAULTS = [
    # --- the six clears ---
    fault(
        "task without a person",
        ((OVER, WHOLE, WHOLE.replace("    person: mayor\n", "")),),
        "check.clear_person", OVER, "tasks.duty_post.person", ("'duty_post'",),
        ("name a role under 'person'", "vai trò thực hiện"), "duty_post:",
    ),
    fault(
        "task without its work in one language",
        ((OVER, WHOLE, WHOLE.replace(DUTY_WORK, "")),),
        "check.clear_work", OVER, "tasks.duty_post.work", ("'duty_post'", "'fr'"),
        ("add it under 'work'", "bổ sung ở 'work'"), "duty_post:",
    ),
    fault(
        "task without a time",
        ((FRAME, "    time: {within_h: 1}\n", ""),),
        "check.clear_time", OVER, "tasks.duty_post.time", ("'duty_post'",),
        ("give within_h", "hãy ghi within_h"), "duty_post:",
    ),
    fault(
        "task that nobody answers for",
        ((OVER, WHOLE, WHOLE.replace("    responsibility: mayor\n", "")),),
        "check.clear_responsibility", OVER, "tasks.duty_post.responsibility", ("'duty_post'",),
        ("name a role under 'responsibility'", "chịu trách nhiệm"), "duty_post:",
    ),
    fault(
        "task that nobody may order",
        ((OVER, WHOLE, WHOLE.replace("    authority: {role: mayor, cites: act_9}\n", "")),),
        "check.clear_authority", OVER, "tasks.duty_post.authority", ("'duty_post'",),
        ("under 'authority'", "chưa rõ thẩm quyền"), "duty_post:",
    ),
    fault(
        "order without a legal basis",
        ((OVER, WHOLE, WHOLE.replace("mayor, cites: act_9", "mayor, basis: {en: Act 9}")),),
        "check.clear_basis", OVER, "tasks.duty_post.authority.basis", ("'duty_post'", "'fr'"),
        ("cite one of authorities.yaml", "dẫn một căn cứ"), "basis: {en: Act 9}",
    ),
    fault(
        "task that nothing proves",
        ((OVER, WHOLE, WHOLE.replace(DUTY_PRODUCT, "")),),
        "check.clear_product", OVER, "tasks.duty_post.product", ("'duty_post'", "'fr'"),
        ("add it under 'product'", "cái gì chứng minh"), "duty_post:",
    ),
    # --- what an overlay may not do ---
    fault(
        "overlay that starts a task later",
        ((OVER, WHOLE, WHOLE.replace("level: 2", "level: 4")),),
        "respond.starts_later", OVER, "tasks.duty_post.level", ("'duty_post'", "4", "3"),
        ("give 3 or lower", "thấp hơn"), "level: 4",
    ),
    fault(
        "overlay that makes a task due later",
        ((OVER, WHOLE, WHOLE + "    time: {within_h: 3}\n"),),
        "respond.due_later", OVER, "tasks.duty_post.time", ("within_h: 3", "within_h: 1"),
        ("an earlier time", "sớm hơn"), "time: {within_h: 3}",
    ),
    fault(
        "overlay that fills in a task that is not there",
        ((OVER, "  duty_post:\n", "  duty_pots:\n"),),
        "respond.no_task", OVER, "tasks.duty_pots", ("'duty_pots'", "duty_post"),
        ("correct the name", "sửa tên"), "duty_pots:",
    ),
    fault(
        "overlay that replaces a task by another of the same id",
        ((OVER, "coast: [N]", "coast: [N]\nadd:\n  duty_post: {level: 3, person: mayor}"),),
        "respond.task_twice", OVER, "add.duty_post", ("'duty_post'",),
        ("another id", "đặt mã khác"), "duty_post:",
    ),
    fault(
        "overlay that rewrites the words of the framework",
        ((OVER, WHOLE, WHOLE.replace("work: {fr:", "work: {en: Sleep., fr:")),),
        "respond.words_taken", OVER, "tasks.duty_post.work", ("'work'", "'en'"),
        ("may not be replaced", "không được thay"), "work: {en: Sleep.",
    ),
    fault(
        "overlay that empties a role",
        ((OVER, WHOLE, WHOLE.replace("person: mayor", "person: ''")),),
        "respond.emptied", OVER, "tasks.duty_post.person", ("'person'",),
        ("name the role", "ghi vai trò"), "person: ''",
    ),
    fault(
        "overlay that needs another kind under the same name",
        ((OVER, "    kind: generator\n", "    kind: rescue_boat\n"),),
        "respond.need_kind", OVER, "needs.generators.kind", ("'rescue_boat'", "'generator'"),
        ("another id", "đặt mã khác"), "kind: rescue_boat",
    ),
    fault(
        "overlay that counts a need later",
        ((OVER, "  shelter:\n    level: 3\n", "  shelter:\n    level: 5\n"),),
        "respond.need_later", OVER, "needs.shelter.level", ("'shelter'", "5", "4"),
        ("give 4 or lower", "thấp hơn"), "level: 5",
    ),
    fault(
        "overlay that needs less",
        ((OVER, "ratio: [0.0000167,", "ratio: [0.0000083,"),),
        "respond.need_less", OVER, "needs.generators.ratio", ("'generators'", "8.3e-06"),
        ("never for less", "không được giảm"), "ratio: [0.0000083,",
    ),
    fault(
        "overlay that lowers a minimum",
        ((OVER, "    minimum: 1\n", "    minimum: 0\n"),),
        "respond.need_minimum", OVER, "needs.command_posts.minimum", ("'command_posts'", "0", "1"),
        ("give 1 or more", "từ 1 trở lên"), "minimum: 0",
    ),
    fault(
        "overlay that needs something later",
        ((OVER, "    time: {before_force: 8, hours: 8}\n", "    time: {before_force: 8}\n"),),
        "respond.need_due_later", OVER, "needs.trucks.time", ("before_force: 8, hours: 8",),
        ("an earlier time", "sớm hơn"), "time: {before_force: 8}",
    ),
    fault(
        "overlay without a framework",
        ((FRAME, None, None),),
        "respond.no_framework", OVER, "", ("storm",), ("write the framework", "kịch bản khung"),
        None,
    ),
    # --- names that nobody knows ---
    fault(
        "unknown role",
        ((OVER, WHOLE, WHOLE.replace("person: mayor", "person: major")),),
        "check.role_unknown", OVER, "tasks.duty_post.person", ("'major'", "mayor"),
        ("authorities.yaml", "thêm vào mục roles"), "person: major",
    ),
    fault(
        "unknown basis",
        ((OVER, WHOLE, WHOLE.replace("act_9", "act_99")),),
        "check.basis_unknown", OVER, "tasks.duty_post.authority.cites", ("'act_99'", "act_9"),
        ("with its dates", "ngày hiệu lực"), "act_99",
    ),
    fault(
        "unknown kind of resource",
        ((OVER, WHOLE, WHOLE + "    kinds: [rescue_canoe]\n"),),
        "check.kind_unknown", OVER, "tasks.duty_post.kinds", ("'rescue_canoe'", "rescue_boat"),
        ("use one of", "dùng một trong"), "kinds: [rescue_canoe]",
    ),
    fault(
        "unknown measure of impact",
        ((OVER, "    kind: generator\n    measure: people.force_10\n",
          "    kind: generator\n    measure: people.force_20\n"),),
        "check.measure_unknown", OVER, "needs.generators.measure",
        ("'people.force_20'", "people.force_10"), ("use one of", "dùng một trong"),
        "measure: people.force_20",
    ),
    fault(
        "time by a force that is never computed",
        ((OVER, WHOLE, WHOLE + "    time: {within_h: 1, before_force: 7}\n"),),
        "check.time_force", OVER, "tasks.duty_post.time", ("7", "6, 8, 10, 12"),
        ("one of the forces", "các cấp gió của pack.yaml"), "before_force: 7",
    ),
    fault(
        "unknown placeholder",
        ((OVER, WHOLE, WHOLE.replace("{place} jour", "{plaice} jour")),),
        "check.placeholder_unknown", OVER, "tasks.duty_post.work.fr", ("{plaice}", "{place}"),
        ("know {place}", "chỉ dùng {place}"), "{plaice}",
    ),
    fault(
        "number in a task that counts nothing",
        ((OVER, WHOLE, WHOLE.replace("{place} jour", "{count} jour")),),
        "check.count_without", OVER, "tasks.duty_post.work.fr", ("{count}", "'counts'"),
        ("without a number", "không có số"), "{count}",
    ),
    fault(
        "stray brace",
        ((OVER, WHOLE, WHOLE.replace("{place} jour", "{place jour")),),
        "check.brace", OVER, "tasks.duty_post.work.fr", ("{{",), ("close the placeholder", "đóng"),
        "{place jour",
    ),
    fault(
        "coast that is no place",
        ((OVER, "coast: [N]", "coast: [N, Q]"),),
        "check.coast_unknown", OVER, "coast.1", ("'Q'",), ("haidang places", "haidang places"),
        "coast: [N, Q]",
    ),
    fault(
        "coast that nobody lists",
        ((OVER, "coast: [N]", "coast: []"),),
        "check.coast_missing", OVER, "coast", (), ("list the codes", "liệt kê mã"), "coast: []",
    ),
    fault(
        "overlay of a place that is not there",
        ((LOCAL.replace(".N.", ".Q."), None, "version: 0.1.0\n"),),
        "check.overlay_place", LOCAL.replace(".N.", ".Q."), "", ("'Q'",),
        ("rename it", "đổi tên tệp"), None,
    ),
    fault(
        "overlay of a place that loosens",
        ((LOCAL, None, "version: 0.1.0\ntasks:\n  duty_post: {level: 3}\n"),),
        "respond.starts_later", LOCAL, "tasks.duty_post.level", ("3", "2"),
        ("give 2 or lower", "thấp hơn"), "duty_post",
    ),
    # --- levels ---
    fault(
        "level without a handover",
        ((OVER, "    handover: {fr: Quand le maire le dit.}\n", ""),),
        "check.level_handover", OVER, "levels.3.handover", ("3", "'fr'"),
        ("when command passes on", "khi nào chuyển giao chỉ huy"), "3:",
    ),
    fault(
        "level without an end",
        ((OVER, "    end: {fr: Quand le vent est tombé.}\n", ""),),
        "check.level_end", OVER, "levels.3.end", ("3", "'fr'"),
        ("when its response ends", "khi nào kết thúc"), "3:",
    ),
    fault(
        "level that the binding never gives",
        ((OVER, "  coast_emptied:\n    level: 3\n", "  coast_emptied:\n"),
         (OVER, "  3:\n", "  5: {handover: {fr: x}, end: {fr: x}}\n  3:\n")),
        "check.level_unreached", OVER, "levels.5", ("5", "1, 2, 3"),
        ("start lower", "sớm hơn"), "5:",
        "warning",
    ),
    # --- needs ---
    fault(
        "need without a source",
        ((OVER, "    source: invented\n  shelter:", "  shelter:"),),
        "pack.missing_key", OVER, "needs.generators.source", ("'source'",),
        ("add it", "bổ sung"), "generators:",
    ),
    fault(
        "need with an empty source",
        ((OVER, "    source: invented\n  shelter:", "    source: ' '\n  shelter:"),),
        "check.source_empty", OVER, "needs.generators.source", (),
        ("name the publication", "tài liệu"), "source: ' '",
    ),
    fault(
        "ratio that descends",
        ((FRAME, "ratio: [0.00002, 0.00004, 0.00008]", "ratio: [0.00008, 0.00004, 0.00002]"),),
        "pack.bad_value", FRAME, "needs.teams", (), ("low, central, high", "thấp, trung bình, cao"),
        "teams:",
    ),
    fault(
        "time in two forms",
        ((FRAME, "time: {at_force: 8}", "time: {at_force: 8, before_force: 6}"),),
        "pack.bad_value", FRAME, "tasks.stay_inside.time", (), ("only one of", "chỉ được ghi một"),
        "time: {at_force: 8, before_force: 6}",
    ),
    fault(
        "time that says nothing",
        ((FRAME, "time: {at_force: 8}", "time: {hours: 8}"),),
        "pack.bad_value", FRAME, "tasks.stay_inside.time", (),
        ("must stand", "phải ghi một trong"), "time: {hours: 8}",
    ),
    fault(
        "two tasks of the same id",
        ((FRAME, "  forces_on_call:\n", "  duty_post:\n"),),
        "pack.key_twice", FRAME, "duty_post", ("'duty_post'",), ("keep one", "giữ lại một"),
        "duty_post:",
    ),
    fault(
        "task with a key that nobody knows",
        ((FRAME, "time: {within_h: 1}", "deadline: {within_h: 1}"),),
        "pack.unknown_key", FRAME, "tasks.duty_post.deadline", ("'deadline'",),
        ("spelling", "chính tả"), "deadline:",
    ),
    # --- authorities ---
    fault(
        "no authorities",
        ((AUTH, None, None),),
        "check.no_authorities", AUTH, "", (), ("who directs", "ai chỉ đạo"), None,
    ),
    fault(
        "role without a name in one language",
        ((AUTH, "{en: Mayor, fr: Maire}", "{en: Mayor}"),),
        "check.text_missing", AUTH, "roles.mayor", ("'fr'",), ("add one", "bổ sung"), "mayor:",
    ),
    fault(
        "measures without a translation",
        ((AUTH, "{en: [Close the roads], fr: [Fermer les routes]}", "{en: [Close the roads]}"),),
        "check.text_missing", AUTH, "civil_defence.1.measures", ("'fr'",), ("add one", "bổ sung"),
        "measures:",
    ),
    fault(
        "level declared by nobody we know",
        ((AUTH, "declares: crown", "declares: king"),),
        "check.role_unknown", AUTH, "civil_defence.1.declares", ("'king'", "crown"),
        ("use one of", "dùng một trong"), "declares: king",
    ),
    fault(
        "gap between two bases",
        ((AUTH, "{valid_from: 2028-01-01,", "{valid_from: 2028-06-01,"),),
        "check.authority_gap", AUTH, "bases.act_9.1.valid_from", ("2028-01-01", "2028-06-01"),
        ("close the gap", "nối liền"), "2028-06-01",
    ),
    fault(
        "two bases at once",
        ((AUTH, "{valid_from: 2028-01-01,", "{valid_from: 2027-06-01,"),),
        "check.authority_overlap", AUTH, "bases.act_9.1.valid_from", ("2028-01-01", "2027-06-01"),
        ("valid_to: 2027-06-01", "valid_to: 2027-06-01"), "2027-06-01",
    ),
    fault(
        "nobody who commands",
        ((AUTH, "{level: 2, valid_from: 2020-01-01,", "{level: 2, valid_from: 2027-01-01,"),),
        "check.command_absent", AUTH, "commands", ("2026",), ("add an entry", "thêm mục"),
        "commands:",
    ),
    fault(
        "basis that does not hold yet",
        ((AUTH, "{valid_from: 2020-01-01, valid_to: 2028-01-01,",
          "{valid_from: 2027-01-01, valid_to: 2028-01-01,"),),
        "check.basis_absent", AUTH, "bases.act_9", ("'act_9'", "2026"),
        ("add the act", "thêm văn bản"), "act_9:",
    ),
    fault(
        "basis that did not hold at an older case",
        ((CASE, "law_on: 2030-09-10", "law_on: 2019-09-10"),),
        "check.authorities_old", AUTH, "commands", ("2019", "act_9"),
        ("add the act", "thêm văn bản"), "commands:", "warning",
    ),
    fault(
        "inventory that is not there",
        ((CASE, "stock: demo", "stock: dmeo"),),
        "check.no_stock", CASE, "stock", ("'dmeo", "demo"), ("correct the name", "sửa tên"),
        "stock: dmeo",
    ),
]  # fmt: skip
