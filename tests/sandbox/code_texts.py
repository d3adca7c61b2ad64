"""Texts that are put together: what vendors write around a code, in many languages, and what else
stands in such a message. Each sentence is tried with each of the endings and a code of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator

SENTENCES = (
    "Your code is {code}.",
    "Your {brand} verification code is: {code}",
    "{code} is your {brand} code.",
    "{code} is your {brand} verification code. Don't share it.",
    "Use {code} to verify your {brand} account.",
    "Enter code {code} to sign in to {brand}.",
    "[{brand}] Your OTP is {code}.",
    "{brand}: your one-time password is {code}. Do not tell anyone.",
    "{brand} security code: {code}.",
    "PIN: {code}. Never give it to anybody.",
    "Hi, {code} is the passcode you asked for.",
    "Your login code for {brand}: {code}. If you did not ask for it, ignore this message.",
    "Confirm your number with code {code}.",
    "Two-factor code: {code}",
    "2FA {code}",
    "Your authentication token is {code}.",
    "To reset your password, enter the code {code}.",
    "Your access code: {code}.",
    "Ihr Bestätigungscode lautet {code}.",
    "{code} ist Ihr {brand}-Code.",
    "Ihr Code für {brand}: {code}. Geben Sie ihn nicht weiter.",
    "Einmalkennwort {code}. Bitte nicht weitergeben.",
    "Die TAN für Ihre Anmeldung ist {code}.",
    "Votre code de vérification est {code}.",
    "{code} est votre code {brand}.",
    "Code de connexion : {code}. Ne le partagez pas.",
    "Votre mot de passe à usage unique est {code}.",
    "Tu código de verificación es {code}.",
    "{code} es tu código de {brand}.",
    "Clave de acceso: {code}. No la compartas.",
    "Tu contraseña temporal es {code}.",
    "Seu código de verificação é {code}.",
    "{code} é o seu código {brand}.",
    "Use {code} como senha de acesso.",
    "Il tuo codice di verifica è {code}.",
    "{code} è il tuo codice {brand}.",
    "Inserisci il codice {code} per accedere.",
    "Je verificatiecode is {code}.",
    "{code} is je {brand}-code.",
    "Uw inlogcode: {code}. Deel deze niet.",
    "Din verifieringskod är {code}.",
    "Engångskod: {code}. Dela den inte.",
    "Din bekræftelseskode er {code}.",
    "Engangskode {code} til {brand}.",
    "Din bekreftelseskode er {code}.",
    "Vahvistuskoodisi on {code}.",
    "Kertakäyttökoodi: {code}.",
    "Staðfestingarkóðinn þinn er {code}. Kóði fyrir {brand}.",
    "Twój kod weryfikacyjny to {code}.",
    "Kod {code} do logowania w {brand}.",
    "Hasło jednorazowe: {code}.",
    "Váš ověřovací kód je {code}.",
    "Jednorázové heslo: {code}.",
    "Váš overovací kód je {code}.",
    "Az ellenőrző kódja: {code}.",
    "Egyszeri jelszó: {code}.",
    "Codul tău de verificare este {code}.",
    "Parola ta temporară este {code}.",
    "Вашият код за потвърждение е {code}.",
    "Ваш код подтверждения: {code}.",
    "{code} — ваш код для входа в {brand}.",
    "Пароль: {code}. Никому его не сообщайте.",
    "Ваш код підтвердження: {code}.",
    "Ваш код за потврду је {code}.",
    "Vaš kod za potvrdu je {code}.",
    "Vaša koda za prijavo je {code}. Koda velja kratek čas.",
    "Jūsų patvirtinimo kodas: {code}.",
    "Jūsu apstiprinājuma kods: {code}.",
    "Teie kinnituskood on {code}.",
    "Doğrulama kodunuz: {code}.",
    "{brand} giriş şifreniz {code}.",
    "Ο κωδικός επαλήθευσης είναι {code}.",
    "El teu codi de verificació és {code}.",
    "O teu código de acceso é {code}.",
    "Kodi juaj i verifikimit është {code}.",
    "Mã xác minh của bạn là {code}. Mã OTP này chỉ dùng một lần.",
    "Kode verifikasi Anda adalah {code}.",
    "Masukkan kode OTP {code} untuk masuk.",
    "Kod pengesahan anda ialah {code}.",
    "Ang iyong verification code ay {code}.",
    "Nambari yako ya uthibitisho (msimbo) ni {code}.",
    "Jou verifikasiekode is {code}. Die kode is geheim.",
    "您的验证码是{code}。",
    "【{brand}】验证码：{code}，请勿告诉他人。",
    "{code}是您的{brand}验证码。",
    "您的驗證碼為 {code}，請勿轉寄。",
    "動態密碼 {code}",
    "認証コードは {code} です。",
    "確認コード：{code}",
    "{brand}のワンタイムパスワード：{code}",
    "인증번호 [{code}]를 입력해주세요.",
    "{brand} 인증코드: {code}",
    "رمز التحقق الخاص بك هو {code}.",
    "كود الدخول: {code}",
    "کد تایید شما: {code}",
    "آپ کا تصدیقی کوڈ {code} ہے۔",
    "קוד האימות שלך הוא {code}.",
    "आपका सत्यापन कोड {code} है।",
    "आपका ओटीपी {code} है।",
    "আপনার যাচাইকরণ কোড {code}",
    "உங்கள் சரிபார்ப்புக் குறியீடு {code}",
    "మీ ధృవీకరణ కోడ్ {code}",
    "તમારો ચકાસણી કોડ {code} છે.",
    "ನಿಮ್ಮ ಪರಿಶೀಲನಾ ಕೋಡ್ {code}",
    "ਤੁਹਾਡਾ ਪੁਸ਼ਟੀਕਰਨ ਕੋਡ {code} ਹੈ",
    "รหัสยืนยันของคุณคือ {code}",
    "თქვენი კოდია {code}",
    "Ձեր հաստատման կոդը՝ {code}",
    "የማረጋገጫ ኮድዎ {code} ነው",
)

ENDINGS = (
    "",
    " It expires in 10 minutes.",
    " 5 min.",
    "\nQuestions? Call 0800 123 4567 or write to help@example.test.",
    "\nhttps://example.test/verify/998877",
    "\n31.12.2026 23:59",
    "\nRef. HW",
    " (order #48213)",
    "\nUSD 120.00, card ending in 4821",
    "\n+44 20 7946 0958",
    "\nFA+9qCX9VSu",
    " 12:30",
)

WITHOUT = (
    "Your order #{number} has shipped.",
    "Ihre Bestellung #{number} ist unterwegs.",
    "Votre commande #{number} est prête.",
    "Tu pedido #{number} ha salido.",
    "Invoice no. {number} is due.",
    "Ticket {number} was closed.",
    "Thanks for riding with {brand}!",
    "See you tomorrow.",
    "Your balance is USD {number}.00.",
    "Tracking number: {number}.",
    "Your booking reference is {number}.",
    "Zip code {number}.",
)

BRANDS = ("Notes", "Acme", "Example Bank", "Shop24")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def texts() -> Iterator[tuple[str | None, str]]:
    """Each text with its code, or `None`; the same ones at every run."""
    draw = random.Random(20261121)
    for sentence in SENTENCES:
        for ending in ENDINGS:
            code, written = _code(draw)
            yield code, sentence.format(code=written, brand=draw.choice(BRANDS)) + ending
    for sentence in WITHOUT:
        for ending in ENDINGS:
            number = draw.randrange(10_000, 99_999)
            yield None, sentence.format(number=number, brand=draw.choice(BRANDS)) + ending


def _code(draw: random.Random) -> tuple[str, str]:
    """A code, and how it is written: mostly six digits."""
    digits = draw.choice((6, 6, 6, 6, 4, 5, 7, 8))
    # A code that reads as a year is one, but nothing in the text tells it from a year.
    code = str(draw.randrange(3 * 10 ** (digits - 1), 10**digits))
    if digits == 6 and draw.random() < 0.15:
        return code, f"{code[:3]}{draw.choice('- ')}{code[3:]}"
    if digits == 6 and draw.random() < 0.05:
        return code, f"{draw.choice(_LETTERS)}-{code}"
    return code, code
