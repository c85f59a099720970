"""The people of a portal: four fixed ones, then employees, dismissed employees, bots."""

from __future__ import annotations

from bxapp.sandbox.world import User

_FIXED = (
    # number, name, last name, position, admin, may install
    (1, "Anna", "Berg", "Head of operations", True, False),
    (2, "Boris", "Ivanov", "IT administrator", True, False),
    (3, "Carla", "Mendes", "Sales manager", False, True),
    (4, "Dmitri", "Orlov", "Sales assistant", False, False),
)

_EMPLOYEES = (
    # name, last name, position, active
    ("Екатерина", "Соколова", "Бухгалтер", True),
    ("Михаил", "Лебедев", "Менеджер по продажам", False),
    ("فاطمة", "الزهراني", "مديرة المبيعات", True),
    ("يوسف", "حداد", "محاسب", False),
    ("Zoë", "O'Connor", "Legal counsel", True),
    ("Jürgen", "Müller-Lüdenscheidt", "Vertriebsleiter", True),
    ("Sofía", "Hernández Peña", "Compras", True),
    ("João", "da Conceição", "Financeiro", False),
    ("小红", "王", "采购", True),
    ("Nguyễn", "Thị Hương", "Nhân sự", True),
    ("Łukasz", "Żółkiewski", "Magazynier", True),
    ("Олена", "Шевченко", "Юристка", True),
    ("Happy 🚀", "Launcher", "Marketing 🎯", True),
    ("<b>Bold</b>", "<script>alert(1)</script>", "<i>Tester</i>", True),
    ("Robert'); DROP TABLE", "Students;--", '"Quoted" & Co', False),
    ("Élodie", "Lefèvre", "Assistante", True),
    ("महेश", "शर्मा", "Support", True),
    ("Ayşe", "Yılmaz", "Muhasebe", False),
    ("", "Mononymous", "", True),
    ("A" * 50, "Verylongname" * 4, "Head of everything that has a long title " * 2, True),
)

SYSTEM_USER = 100
"""A system user: it may own pairs and start workflows, but ``user.get`` never answers it."""


def people() -> dict[int, User]:
    """All accounts by number. Boris and Carla report to Anna, the employees to one of them."""
    users = {
        number: User(
            number,
            name,
            last_name,
            email=f"{name.lower()}.{last_name.lower()}@example.test",
            position=position,
            admin=admin,
            may_install=may_install,
            head_id=None if number == 1 else 1,
        )
        for number, name, last_name, position, admin, may_install in _FIXED
    }
    for number, (name, last_name, position, active) in enumerate(_EMPLOYEES, len(_FIXED) + 1):
        users[number] = User(
            number,
            name,
            last_name,
            email=f"employee{number}@example.test",
            position=position,
            active=active,
            head_id=2 if number % 2 else 3,
        )
    users[SYSTEM_USER] = User(SYSTEM_USER, "Marketplace", "System user", admin=True, bot=True)
    users[SYSTEM_USER + 1] = User(SYSTEM_USER + 1, "Chat", "Bot", bot=True)
    return users
