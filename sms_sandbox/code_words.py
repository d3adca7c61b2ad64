"""The words beside which a code stands, and those that say a number is something else."""

STEMS = (
    # "code" ends compounds in Germanic tongues: Bestätigungscode, inloggningskod, engangskode.
    "code", "kode", "kod", "kód", "kóði", "koodi", "kood", "kodas", "kods", "kodu",
    "código", "codigo", "codice", "codi", "passwor", "passcode", "passwort", "kennwort",
    "clave", "contraseña", "senha", "hasło", "heslo", "jelszó", "parola", "şifre", "lösen",
    "verification", "authentication", "msimbo", "sandi", "tunnus", "mot de passe",
    "код", "пароль", "парол", "лозинк", "κωδικ", "კოდ", "կոդ",
)  # fmt: skip
"""Words that take endings, and prefixes, in their alphabets."""

EXACT = (
    "otp", "pin", "tan", "mtan", "tac", "token", "2fa", "mfa", "cod", "codul", "mã", "mật khẩu",
    "g-code", "пин", "pass code",
)  # fmt: skip
"""Short words that only count alone: "pin" is not in "shipping"."""

ANYWHERE = (
    "验证码", "驗證碼", "校验码", "校驗碼", "动态码", "動態碼", "确认码", "確認碼", "代码",
    "代碼", "口令", "密码", "密碼", "识别码", "認証コード", "確認コード", "コード", "認証番号",
    "確認番号", "暗証番号", "パスワード",
    "인증번호", "인증 번호", "인증코드", "확인번호", "코드",
    "비밀번호", "암호", "רמז", "קוד", "סיסמ", "رمز", "كود", "كلمة المرور", "رقم التحقق",
    "کد", "کوڈ",
    "पासवर्ड", "कोड", "ओटीपी", "কোড", "ওটিপি", "কোডটি", "குறியீடு", "கடவுக்குறி", "కోడ్", "ഓടിപി",
    "കോഡ്", "ಕೋಡ್", "કોડ", "ਕੋਡ", "රහස්", "කේතය", "รหัส", "ລະຫັດ", "កូដ", "ကုဒ်", "ኮድ",
)  # fmt: skip
"""Words of scripts that do not part words as Latin does."""

OTHER_CODES = (
    "promo", "promotional", "promotion", "discount", "coupon", "voucher", "gift", "referral",
    "invite", "invitation", "offer", "zip", "postal", "post", "area", "country", "dialling",
    "dialing", "sort", "swift", "product", "error", "status", "tracking", "booking", "order",
    "bar", "qr", "dress", "gutschein", "rabatt", "promocional", "descuento", "postcode",
    "código postal", "code postal", "code promo", "código promocional", "código de descuento",
)  # fmt: skip
"""What stands before "code" when the code is not for signing in."""

LABELS = (
    "order", "ref", "reference", "ref no", "account", "acct", "a/c", "invoice", "ticket", "case",
    "booking", "flight", "card", "policy", "parcel", "package", "tracking", "shipment",
    "transaction", "txn", "trx", "claim", "room", "gate", "loan", "bill", "customer", "meter",
    "pnr", "awb", "docket", "bestellung", "auftrag", "rechnung", "commande", "colis", "facture",
    "pedido", "factura", "reserva", "ordine", "fattura", "zamówienie", "заказ", "счет", "счёт",
    "订单", "訂單", "单号", "注文", "주문", "طلب",
)  # fmt: skip
"""Words that claim the number after them: order #4821."""

DURATIONS = (
    "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hr",
    "hrs", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "year", "years",
    "sekunde", "sekunden", "minuten", "stunde", "stunden", "tag", "tage", "tagen", "segundo",
    "segundos", "minuto", "minutos", "hora", "horas", "día", "días", "dia", "dias", "seconde",
    "secondes", "heure", "heures", "jour", "jours", "secondi", "minuti", "ore", "ora", "giorni",
    "minuut", "uur", "dagen", "minuter", "timmar", "minutter", "timer", "minuuttia", "tuntia",
    "minut", "minuty", "godzin", "godziny", "hodin", "perc", "óra", "dakika", "saat", "gün",
    "phút", "giờ", "menit", "jam", "hari", "dakikika", "минут", "минуты", "минуту", "мин", "часа",
    "часов", "час", "секунд", "хвилин", "λεπτά", "ώρες", "דקות", "שעות", "دقائق", "دقيقة", "دقیقه",
    "ساعة", "मिनट", "घंटे", "মিনিট", "นาที", "分钟", "分鐘", "分間", "分", "秒", "小时", "小時",
    "時間", "분", "초", "시간",
)  # fmt: skip
"""Units of time: the number before one is a life, not a code."""

CURRENCIES = (
    "usd", "eur", "gbp", "inr", "jpy", "cny", "rmb", "chf", "sek", "nok", "dkk", "pln", "czk",
    "huf", "ron", "try", "rub", "uah", "brl", "mxn", "zar", "ngn", "kes", "aed", "sar", "ils",
    "thb", "vnd", "idr", "myr", "sgd", "hkd", "krw", "aud", "nzd", "cad", "rs", "rp", "kr",
    "zł", "kč", "ft", "руб", "tl", "元", "円", "원",
)  # fmt: skip
"""Units of money, before or after the sum."""

COUNTED = (
    "points", "pts", "miles", "km", "items", "people", "followers", "votes", "gb", "mb", "kwh",
    "punkte", "puntos", "pontos", "punti", "баллов",
)  # fmt: skip
"""What is counted: 10000 points."""
